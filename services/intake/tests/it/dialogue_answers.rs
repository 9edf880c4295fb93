//! Each fixed enquiry is answered without a person (IN-8), in both languages.

use kexiang_proto::{
    customers_v1::{ContactPoint, Customer, OpenCase, Recognition},
    intake_v1::{ArticleContent, ArticleKind, Case, DialogueState, ExpectedInput, StartDialogueRequest},
    type_v1::{Channel, Kind},
};
use kexiang_rpc::time::to_wire;

use crate::{
    desk::{Desk, START},
    records::Mood,
    shelf::answer,
    talk::opening,
    verb::Verb,
    wire::{NAME, PHONE_E164, acceptance, contact_at},
};

/// An article of a kind in a language.
fn article(kind: ArticleKind, language: &str, title: &str, body: &str) -> ArticleContent {
    ArticleContent { kind: kind.into(), language: language.to_owned(), ..answer(title, body) }
}

/// Customer records knows the caller of most stories, with one open case.
pub fn known() -> Mood {
    let customer = Customer {
        name: crate::identification::customer(),
        display_name: NAME.to_owned(),
        contact_points: vec![ContactPoint { value: PHONE_E164.to_owned(), ..Default::default() }],
        ..Customer::default()
    };
    let open = OpenCase {
        case: crate::desk::unknown_case(),
        number: "C-20261120-000007".to_owned(),
        accept_time: Some(to_wire(START)),
        ..OpenCase::default()
    };
    let known = Recognition { customer: Some(customer), open_cases: vec![open], ..Default::default() };
    Mood::Knowing(PHONE_E164.to_owned(), Box::new(known))
}

#[tokio::test]
async fn policies_products_notices_and_convenience_come_from_the_knowledge_base() {
    let desk = Desk::open().await;
    let kinds = [
        ("4", ArticleKind::Policy),
        ("5", ArticleKind::NewProduct),
        ("6", ArticleKind::Notice),
        ("7", ArticleKind::Convenience),
    ];
    for (key, kind) in kinds {
        let title = format!("停电须知{key}");
        let version = desk.publish(article(kind, "zh", &title, "请留意通知")).await.published.unwrap();
        let mut talk = desk.talk().await;

        let prompt = talk.say_all(&[key, "停电"]).await;

        assert!(prompt.contains(&format!("{title}：请留意通知")), "{prompt}");
        assert_eq!(talk.dialogue.step.as_ref().unwrap().article_version, version.name);
        talk.say_all(&["1", "1"]).await;
        assert_eq!(talk.dialogue.state(), DialogueState::Answered);
        let cited = talk.turns().await.into_iter().any(|turn| turn.article_version == version.name);
        assert!(cited, "the citation is kept on the turn");
    }
}

#[tokio::test]
async fn a_phone_menu_without_words_reads_the_newest() {
    let desk = Desk::open().await;
    desk.publish(article(ArticleKind::Notice, "zh", "旧公告", "一")).await;
    desk.hand.advance(jiff::SignedDuration::from_secs(1));
    desk.publish(article(ArticleKind::Notice, "zh", "新公告", "二")).await;
    desk.publish(article(ArticleKind::Notice, "en", "Notice", "three")).await;
    let mut talk = desk.talk().await;

    let newest = talk.say_all(&["6", "1"]).await;
    let next = talk.say("2").await;

    assert!(newest.contains("新公告"), "{newest}");
    assert!(next.contains("旧公告"), "{next}");
    talk.say("2").await;
    assert_eq!(talk.dialogue.state(), DialogueState::HandedOver, "nothing helped: a person");
}

#[tokio::test]
async fn what_helped_and_what_did_not_is_kept_by_the_knowledge_base() {
    let desk = Desk::open().await;
    let name = desk.publish(article(ArticleKind::Policy, "zh", "退费政策", "七天内退费")).await.name;
    desk.talk().await.say_all(&["退费", "1"]).await;
    desk.talk().await.say_all(&["退费", "否"]).await;

    let article = desk.article(&name).await;

    assert_eq!((article.helped_count, article.not_helped_count), (1, 1));
}

#[tokio::test]
async fn words_at_the_menu_are_searched_in_the_language_of_the_dialogue() {
    let desk = Desk::open().await;
    desk.publish(article(ArticleKind::Answer, "en", "How to reset a router", "Hold the button.")).await;
    desk.publish(article(ArticleKind::Answer, "zh", "router 重置", "按住按钮")).await;
    let mut talk = desk.talk_in_english().await;

    let welcome = talk.prompt();
    let answered = talk.say("my router").await;
    let more = talk.say("yes").await;
    let goodbye = talk.say("done").await;

    assert!(welcome.starts_with("Welcome"), "{welcome}");
    assert!(answered.contains("How to reset a router: Hold the button.\nDid that help?"), "{answered}");
    assert!(more.contains("anything else"), "{more}");
    assert!(goodbye.contains("goodbye"), "{goodbye}");
    let contact = desk.contact(&talk.dialogue.contact).await;
    assert_eq!((contact.need.as_str(), contact.case.as_str()), ("my router", ""));
    assert_eq!((contact.channel(), contact.caller.unwrap().phone.as_str()), (Channel::Messaging, PHONE_E164));
    assert_eq!(talk.dialogue.step.unwrap().expected_input(), ExpectedInput::None);
}

#[tokio::test]
async fn articles_of_another_site_are_not_told() {
    let desk = Desk::open().await;
    let other = desk.create_site("other").await;
    desk.publish(ArticleContent { site: other, ..article(ArticleKind::Notice, "zh", "停水", "明天") }).await;

    let (mut searched, mut newest) = (desk.talk().await, desk.talk().await);
    searched.say_all(&["6", "停水"]).await;
    newest.say_all(&["6", "1"]).await;

    for talk in [searched, newest] {
        assert_eq!(talk.dialogue.state(), DialogueState::HandedOver, "nothing is found: a person");
    }
}

#[tokio::test]
async fn own_data_and_own_business_come_from_customer_records() {
    let desk = Desk::open().await;
    desk.customer_records.records.be(known());
    let mut talk = desk.talk().await;
    talk.say("1").await;

    let data = talk.prove().await;
    let business = talk.say_all(&["9", "2"]).await;

    assert!(data.contains(NAME) && data.contains(PHONE_E164), "{data}");
    assert!(business.contains("C-20261120-000007，2026-11-22受理"), "{business}");
    assert!(business.contains("合同和订单尚不能在此查询"), "{business}");
}

#[tokio::test]
async fn an_unknown_phone_is_offered_a_report_or_a_person() {
    let desk = Desk::open().await;
    let mut talk = desk.talk().await;
    talk.say("1").await;

    let prompt = talk.prove().await;

    assert!(prompt.contains("没有登记资料"), "{prompt}");
    assert_eq!(talk.dialogue.state(), DialogueState::Open);
}

#[tokio::test]
async fn customer_records_down_or_hanging_is_said_and_a_case_offered() {
    let desk = Desk::open().await;
    for records in [Mood::Down, Mood::Hanging] {
        desk.customer_records.records.be(records);
        let mut talk = desk.talk().await;
        talk.say("1").await;

        let prompt = talk.prove().await;

        assert!(prompt.contains("暂时无法查询") && prompt.contains("转人工"), "{prompt}");
        talk.say("0").await;
        assert_eq!(talk.dialogue.state(), DialogueState::HandedOver);
    }
}

#[tokio::test]
async fn the_state_of_own_cases_is_told_after_proof_without_notes_of_anybody() {
    let desk = Desk::open().await;
    let open = desk.accept(acceptance()).await;
    let withdrawn = desk.accept(acceptance()).await;
    desk.act(Verb::Withdraw, &withdrawn.name).await;
    let mut other = acceptance();
    other.contact.as_mut().unwrap().caller.as_mut().unwrap().phone = "13900139000".to_owned();
    let foreign = desk.accept(other).await;
    let mut talk = desk.talk().await;
    talk.say("3").await;

    let prompt = talk.prove().await;

    assert!(prompt.contains(&format!("受理单{}：已受理，最近更新2026-11-22", open.number)), "{prompt}");
    assert!(prompt.contains(&format!("受理单{}：已撤销", withdrawn.number)), "{prompt}");
    assert!(!prompt.contains(&foreign.number), "{prompt}");
    assert!(!prompt.contains("the customer asked for it"), "no reason, no note: {prompt}");
}

#[tokio::test]
async fn a_case_is_asked_for_by_its_number_and_only_by_its_own_phone() {
    let desk = Desk::open().await;
    let Case { number, .. } = desk.accept(acceptance()).await;
    let english = |phone: &str| StartDialogueRequest {
        phone: phone.to_owned(),
        language: "en".to_owned(),
        ..opening()
    };
    let mut own = desk.talk_as(english(PHONE_E164)).await;
    own.say(&number.to_lowercase()).await;
    let told = own.prove().await;
    let mut foreign = desk.talk_as(english("13900139000")).await;
    foreign.say(&number).await;

    let refused = foreign.prove().await;

    assert!(told.contains(&format!("Case {number}: accepted, last changed on 2026-11-22.")), "{told}");
    assert!(refused.contains("No such case") && !refused.contains("accepted"), "{refused}");
}

#[tokio::test]
async fn a_fault_by_messaging_becomes_a_case_for_dispatch() {
    let desk = Desk::open().await;
    let mut talk = desk.talk().await;

    let prompt = talk.say_all(&["8", "1", "昨晚起没有拨号音", "湖滨路5号"]).await;

    assert_eq!(talk.dialogue.state(), DialogueState::CaseAccepted);
    let case = desk.case(&talk.dialogue.case).await;
    assert!(prompt.contains(&case.number), "{prompt}");
    assert_eq!((case.kind(), case.title.as_str()), (Kind::Fault, "昨晚起没有拨号音"));
    assert_eq!(
        (case.handling(), case.address.as_str()),
        (kexiang_proto::intake_v1::Handling::Dispatch, "湖滨路5号")
    );
    assert_eq!(case.contact, talk.dialogue.contact);
    assert!(case.description.contains("来电人：昨晚起没有拨号音"), "{}", case.description);
}

#[tokio::test]
async fn a_complaint_by_phone_has_name_phone_address_and_matter() {
    let desk = Desk::open().await;
    let menu = StartDialogueRequest {
        channel: Channel::PhoneMenu.into(),
        phone: String::new(),
        language: "en".to_owned(),
        ..opening()
    };
    let mut talk = desk.talk_as(menu).await;

    talk.say_all(&["report", "complaint", "Charged twice", NAME, "13800138000#", "5 Lake Road"]).await;

    let case = desk.case(&talk.dialogue.case).await;
    let contact = desk.contact(&case.contact).await;
    let caller = contact.caller.clone().unwrap();
    assert_eq!((case.kind(), contact.need.as_str()), (Kind::Complaint, "Charged twice"));
    assert_eq!((caller.display_name.as_str(), caller.phone.as_str()), (NAME, PHONE_E164));
    assert_eq!((caller.address.as_str(), contact.channel()), ("5 Lake Road", Channel::PhoneMenu));
    assert_eq!(contact.site, contact_at("sites/main").site);
}
