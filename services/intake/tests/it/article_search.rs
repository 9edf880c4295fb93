//! What is found of the knowledge base, in Chinese and English, and in which order (IN-9).

use futures::future::join_all;
use jiff::SignedDuration;
use kexiang_intake::domain::knowledge::{self, Content};
use kexiang_proto::intake_v1::{
    ArticleContent, ArticleKind, Correction, RecordArticleFeedbackRequest, SearchArticlesRequest,
};

use crate::{
    desk::{AGENT, Desk},
    shelf::{answer, marked, title},
    wire::{MAIN, violations},
};

fn query(query: &str) -> SearchArticlesRequest {
    SearchArticlesRequest { query: query.to_owned(), ..Default::default() }
}

fn english(title: &str, body: &str) -> ArticleContent {
    ArticleContent { language: "en".to_owned(), ..answer(title, body) }
}

async fn say(desk: &Desk, article: &str, helped: bool, times: usize) {
    for _ in 0..times {
        let request =
            RecordArticleFeedbackRequest { article: article.to_owned(), helped, ..Default::default() };
        desk.shelf(AGENT).record_article_feedback(request).await.unwrap();
    }
}

#[tokio::test]
async fn chinese_is_found_by_its_words_in_any_order() {
    let desk = Desk::open().await;
    desk.publish(answer("宽带网速慢的处理办法", "请重启光猫,再测速。")).await;
    desk.publish(answer("办理身份证号码变更", "请带原件到营业厅。")).await;
    desk.publish(answer("中国科学院访客须知", "请带证件。")).await;

    assert_eq!(desk.found("网速慢 宽带").await, ["宽带网速慢的处理办法"]);
    assert_eq!(desk.found("光猫").await, ["宽带网速慢的处理办法"]);
    assert_eq!(desk.found("科学院").await, ["中国科学院访客须知"], "a word within a longer one");
    assert_eq!(desk.found("请问身份证号码怎么变更?").await, ["办理身份证号码变更"]);
    assert!(desk.found("煤气").await.is_empty());
}

#[tokio::test]
async fn english_is_found_by_its_stems_whatever_the_case() {
    let desk = Desk::open().await;
    desk.publish(english("Installing a router", "Connect the cables.")).await;

    for query in ["install ROUTERS", "how to installed router", "connecting cable", "cables"] {
        assert_eq!(desk.found(query).await, ["Installing a router"], "{query}");
    }
    assert!(desk.found("modem").await.is_empty());
}

#[tokio::test]
async fn mixed_text_and_full_width_are_found() {
    let desk = Desk::open().await;
    desk.publish(answer("ＷｉＦｉ６路由器Router重启方法", "长按Reset键五秒")).await;

    for query in ["wifi6", "WIFI6路由器", "router", "重启router", "ｒｅｓｅｔ"] {
        assert_eq!(desk.found(query).await.len(), 1, "{query}");
    }
}

#[tokio::test]
async fn a_misspelt_english_word_is_taken_for_the_nearest_known_one() {
    let desk = Desk::open().await;
    desk.publish(english("Broadband connection", "The router blinks.")).await;

    for (wrong, right) in [("rouetr", "router"), ("brodbant", "broadband"), ("conection", "connection")] {
        let found = desk.find(query(wrong)).await;
        assert_eq!(found.hits.iter().map(title).collect::<Vec<_>>(), ["Broadband connection"], "{wrong}");
        let correction = Correction { word: wrong.to_owned(), taken_for: vec![right.to_owned()] };
        assert_eq!(found.corrections, [correction]);
        assert!(found.matched_all_words);
    }
    let exact = desk.find(query("router")).await;
    assert!(exact.corrections.is_empty());
    assert!(desk.found("rauttr").await.is_empty(), "two mistakes in six letters are another word");
}

#[tokio::test]
async fn of_many_misspelt_words_the_first_eight_are_corrected() {
    let desk = Desk::open().await;
    let words = "telephone computer keyboard printer monitor speaker charger adapter battery";
    desk.publish(english(words, "accessories")).await;
    let misspelt: Vec<_> = words.split(' ').map(|word| format!("{}x{}", &word[..3], &word[3..])).collect();

    let found = desk.find(query(&misspelt.join(" "))).await;

    let corrected: Vec<_> = found.corrections.iter().map(|correction| correction.word.as_str()).collect();
    assert_eq!(corrected, &misspelt[..8]);
    assert_eq!((found.hits.len(), found.matched_all_words), (1, false));
}

#[tokio::test]
async fn where_no_article_has_all_words_those_with_any_are_found_by_rarity() {
    let desk = Desk::open().await;
    desk.publish(answer("宽带资费", "宽带每月一百元")).await;
    desk.publish(answer("宽带安装", "宽带三天内安装")).await;
    desk.publish(answer("电视遥控器", "更换电池")).await;

    let all = desk.find(query("宽带安装")).await;
    let any = desk.find(query("宽带遥控器电池煤气")).await;

    assert!(all.matched_all_words && !any.matched_all_words);
    assert_eq!(all.hits.iter().map(title).collect::<Vec<_>>(), ["宽带安装"]);
    let titles: Vec<_> = any.hits.iter().map(title).collect();
    assert_eq!((titles.len(), titles[0].as_str()), (3, "电视遥控器"));
    let coverage: Vec<_> = any.hits.iter().map(|hit| hit.score.unwrap().coverage).collect();
    assert!(coverage[0] > coverage[1] && coverage[0] < 1.0, "{coverage:?}");
}

#[tokio::test]
async fn title_counts_more_than_keywords_and_keywords_more_than_body() {
    let desk = Desk::open().await;
    let filler = "其他内容说明";
    desk.publish(answer("正文", &format!("发票{filler}"))).await;
    let keywords = vec!["发票".to_owned()];
    desk.publish(ArticleContent { keywords, ..answer("关键词", filler) }).await;
    desk.publish(answer("发票", filler)).await;

    assert_eq!(desk.found("发票").await, ["发票", "关键词", "正文"]);
}

#[tokio::test]
async fn what_helped_stands_before_what_did_not_and_the_score_says_so() {
    let desk = Desk::open().await;
    let bad = desk.publish(answer("发票抬头", "发票说明")).await.name;
    let good = desk.publish(answer("发票抬头", "发票说明")).await.name;
    say(&desk, &good, true, 4).await;
    say(&desk, &bad, false, 4).await;

    let found = desk.find(query("发票抬头")).await;

    let names: Vec<_> = found.hits.iter().map(|hit| hit.article.as_str()).collect();
    assert_eq!(names, [good, bad]);
    for hit in &found.hits {
        let score = hit.score.unwrap();
        let total = score.text * score.coverage * (0.5 + score.usefulness) * (0.8 + 0.2 * score.freshness);
        assert!((total - score.total).abs() < 1e-12);
    }
    assert!((found.hits[0].score.unwrap().usefulness - 0.75).abs() < 1e-9, "(4 + 2) / (4 + 4)");
}

#[tokio::test]
async fn of_two_alike_the_fresher_stands_first() {
    let desk = Desk::open().await;
    let old = desk.publish(answer("发票抬头", "发票说明")).await.name;
    desk.hand.advance(SignedDuration::from_hours(24 * 180));
    let desk_is_open = "the token of the stories is good for a week";
    desk.hand.advance(SignedDuration::from_hours(-24 * 174));
    let fresh = desk.publish(answer("发票抬头", "发票说明")).await.name;

    let found = desk.find(query("发票抬头")).await;

    let names: Vec<_> = found.hits.iter().map(|hit| hit.article.as_str()).collect();
    assert_eq!(names, [fresh, old], "{desk_is_open}");
}

#[tokio::test]
async fn filters_leave_out_what_is_not_of_them() {
    let desk = Desk::open().await;
    let other = desk.create_site("other").await;
    let base = |title: &str| answer(title, "发票");
    desk.publish(ArticleContent { site: MAIN.to_owned(), ..base("main") }).await;
    desk.publish(ArticleContent { site: other.clone(), ..base("other") }).await;
    desk.publish(ArticleContent { kind: ArticleKind::Notice.into(), ..base("notice") }).await;
    desk.publish(ArticleContent {
        language: "zh-CN".to_owned(),
        category: "bill".to_owned(),
        ..base("bill")
    })
    .await;
    desk.publish(ArticleContent { language: "en".to_owned(), ..base("english") }).await;

    let titles = async |request: SearchArticlesRequest| {
        let mut titles: Vec<_> = desk.find(request).await.hits.iter().map(title).collect();
        titles.sort();
        titles
    };

    assert_eq!(titles(query("发票")).await, ["bill", "english", "main", "notice", "other"]);
    let request = SearchArticlesRequest { site: MAIN.to_owned(), ..query("发票") };
    assert_eq!(titles(request).await, ["bill", "english", "main", "notice"]);
    let kinds = vec![ArticleKind::Notice.into(), ArticleKind::Policy.into()];
    assert_eq!(titles(SearchArticlesRequest { kinds, ..query("发票") }).await, ["notice"]);
    let request = SearchArticlesRequest { language: "zh".to_owned(), ..query("发票") };
    assert_eq!(titles(request).await, ["bill", "main", "notice", "other"]);
    let request = SearchArticlesRequest { category: "bill".to_owned(), ..query("发票") };
    assert_eq!(titles(request).await, ["bill"]);
}

#[tokio::test]
async fn matched_words_are_marked_in_title_and_snippet() {
    let desk = Desk::open().await;
    let long =
        format!("{}打开Ｒｏｕｔｅｒｓ的开关,检查宽带线路。{}", "无关的话。".repeat(60), "后面。".repeat(90));
    desk.publish(answer("宽带故障", &long)).await;

    let found = desk.find(query("router 宽带")).await;

    let hit = &found.hits[0];
    assert_eq!(marked(&hit.title), "[宽带]故障");
    let snippet = marked(&hit.snippet);
    assert!(snippet.contains("打开[Ｒｏｕｔｅｒｓ]的开关,检查[宽带]线路"), "{snippet}");
    assert_eq!(hit.snippet.iter().map(|segment| segment.text.chars().count()).sum::<usize>(), 160);
}

#[tokio::test]
async fn pages_give_each_hit_once_best_first() {
    let desk = Desk::open().await;
    for nr in 0..5 {
        desk.publish(answer(&format!("发票{}", "补充".repeat(nr)), "发票")).await;
    }
    let whole: Vec<_> = desk.find(query("发票")).await.hits.into_iter().map(|hit| hit.article).collect();

    let (mut paged, mut request) = (Vec::new(), SearchArticlesRequest { page_size: 2, ..query("发票") });
    loop {
        let page = desk.find(request.clone()).await;
        paged.extend(page.hits.into_iter().map(|hit| hit.article));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }

    assert_eq!((paged.len(), &paged), (5, &whole));
    let foreign = SearchArticlesRequest { page_token: "?".to_owned(), ..query("发票") };
    assert_eq!(violations(&desk.shelf(AGENT).search_articles(foreign).await.unwrap_err()), ["page_token"]);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_search_is_reported_at_once() {
    let desk = Desk::open().await;
    let request = SearchArticlesRequest {
        query: " ".to_owned(),
        language: "klingon".to_owned(),
        kinds: vec![1, 99],
        category: "c".repeat(201),
        site: "main".to_owned(),
        page_size: -1,
        page_token: "?".to_owned(),
    };

    let refusal = desk.shelf(AGENT).search_articles(request).await.unwrap_err();

    let fields = ["query", "language", "kinds[1]", "category", "site", "page_size", "page_token"];
    assert_eq!(violations(&refusal), fields);
    let long = desk.shelf(AGENT).search_articles(query(&"长".repeat(501))).await.unwrap_err();
    assert_eq!(violations(&long), ["query"]);
}

#[tokio::test]
async fn hostile_text_is_text() {
    let desk = Desk::open().await;
    let hostile = r"a'b\ c:*A & !d | (e) <-> 'f'':1A %_ \' '' ‘q’ é Ω 𠮷 ☎";
    desk.publish(answer(hostile, &hostile.repeat(30))).await;
    desk.publish(answer(&"字".repeat(300), &"词语 word\u{2019}s".repeat(4_500))).await;

    for text in [hostile, "'", "\\", "a' | 'b", "!!", "& |", "(((", ":*", "的", "\u{1}", "%"] {
        desk.find(query(text)).await;
    }
    assert_eq!(desk.found("𠮷").await.len(), 1);
    assert_eq!(desk.found("Ω").await.len(), 1);
    assert!(desk.found("的").await.is_empty(), "a word that says nothing finds nothing");
}

#[tokio::test]
async fn of_too_many_matches_those_with_the_word_in_the_title_are_ranked_whatever_their_age() {
    let desk = Desk::open().await;
    let content = |nr: usize| Content {
        site: None,
        kind: knowledge::ArticleKind::Answer,
        category: "x".into(),
        language: "zh".parse().unwrap(),
        title: if nr == 700 { "发票".into() } else { format!("标题{nr}") },
        body: "发票".into(),
        keywords: vec![],
        valid_from_at: None,
        valid_until_at: None,
    };
    desk.fill(701, content).await;

    let found = desk.find(SearchArticlesRequest { page_size: 1_000, ..query("发票") }).await;

    assert!(found.candidates_cut && found.matched_all_words);
    assert_eq!((found.hits.len(), title(&found.hits[0]).as_str()), (500, "发票"));
    let rest: Vec<_> = found.hits[1..].iter().map(title).collect();
    assert_eq!(rest, (0..499).map(|nr| format!("标题{nr}")).collect::<Vec<_>>(), "the others by their age");
    let few = desk.find(query("标题7")).await;
    assert!(!few.candidates_cut);
}

#[tokio::test]
async fn the_vocabulary_counts_what_is_found_whoever_publishes_at_once() {
    let desk = Desk::open().await;
    let life = async |nr: usize| {
        let name = desk.publish(answer(&format!("发票 word{nr}"), "宽带 router")).await.name;
        let content = ArticleContent { title: format!("宽带 other{}", nr % 2), ..Default::default() };
        desk.edit(&name, content).await;
        desk.review(&name).await;
        if nr.is_multiple_of(3) {
            desk.try_retire(&name).await.unwrap();
        }
    };
    join_all((0..9).map(life)).await;

    let counted: Vec<(String, i32)> = sqlx::query_as(
        "select word, articles from intake.article_words where articles > 0 order by word collate \"C\"",
    )
    .fetch_all(desk.pool())
    .await
    .unwrap();

    let expected = [("", 6), ("other0", 3), ("other1", 3), ("router", 6), ("宽带", 6)];
    assert_eq!(counted, expected.map(|(word, articles)| (word.to_owned(), articles)));
}
