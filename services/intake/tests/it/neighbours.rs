//! One bad item never fails its neighbours, in whatever mix they arrive at once (IN-3, IN-14).

use futures::future::join_all;
use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, Case, Contact, ImportCasesRequest, RegisterContactRequest,
        import_cases_response::Outcome,
    },
    type_v1::Kind,
};
use proptest::{
    prelude::{Just, ProptestConfig, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest},
    test_runner::TestCaseError,
};
use tokio::runtime::Runtime;
use tonic::{Code, Status};

use crate::{
    desk::{Desk, unknown_case},
    verb::Verb,
    wire::{self, acceptance, case, contact, contact_at, refused, request_id},
};

/// Something that arrives at the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    OpensACase,
    OpensNothing,
    JoinsAnOpenCase,
    JoinsACaseOfAnotherSite,
    JoinsAWithdrawnCase,
    JoinsAnUnknownCase,
    IsOfAnUnknownSite,
    ReusesARequestId,
    RepeatsAnExternalReference,
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        4 => Just(Item::OpensACase),
        2 => Just(Item::OpensNothing),
        2 => Just(Item::JoinsAnOpenCase),
        1 => Just(Item::JoinsACaseOfAnotherSite),
        1 => Just(Item::JoinsAWithdrawnCase),
        1 => Just(Item::JoinsAnUnknownCase),
        1 => Just(Item::IsOfAnUnknownSite),
        1 => Just(Item::ReusesARequestId),
        1 => Just(Item::RepeatsAnExternalReference),
    ]
}

impl Item {
    /// Why it is refused; `None` for a good one.
    fn refusal(self) -> Option<(Code, String)> {
        let (code, reason) = match self {
            Self::OpensACase | Self::OpensNothing | Self::JoinsAnOpenCase => return None,
            Self::JoinsACaseOfAnotherSite | Self::JoinsAWithdrawnCase => {
                (Code::FailedPrecondition, "CASE_NOT_JOINABLE")
            }
            Self::JoinsAnUnknownCase | Self::IsOfAnUnknownSite => (Code::NotFound, "NOT_FOUND"),
            Self::ReusesARequestId => (Code::InvalidArgument, "REQUEST_ID_REUSED"),
            Self::RepeatsAnExternalReference => (Code::AlreadyExists, "ALREADY_EXISTS"),
        };
        Some((code, reason.to_owned()))
    }
}

/// A site with what good and bad items need: three contacts are in its register already.
struct Ground<'a> {
    desk: &'a Desk,
    site: String,
    open: String,
    withdrawn: String,
    elsewhere: String,
    used_request_id: String,
}

const REFERENCE: &str = "B-7";

impl<'a> Ground<'a> {
    async fn prepare(desk: &'a Desk) -> Self {
        let id = format!("s-{}", uuid::Uuid::new_v4().simple());
        let site = desk.create_site(&id).await;
        let used_request_id = request_id();
        let at_site = || AcceptCaseRequest { contact: Some(contact_at(&site)), ..acceptance() };
        let referred = Case { external_reference: REFERENCE.to_owned(), ..case(Kind::Fault) };

        let open = desk.accept(AcceptCaseRequest { case: Some(referred), ..at_site() }).await.name;
        let withdrawn = desk.accept(at_site()).await.name;
        desk.act(Verb::Withdraw, &withdrawn).await;
        desk.accept(AcceptCaseRequest { request_id: used_request_id.clone(), ..at_site() }).await;
        let elsewhere = desk.accept(acceptance()).await.name;
        Self { desk, site, open, withdrawn, elsewhere, used_request_id }
    }

    /// Sends an item; gives the name of its contact.
    async fn send(&self, item: Item) -> Result<String, Status> {
        match item {
            Item::OpensACase => self.accept("", "").await,
            Item::ReusesARequestId => self.accept(&self.used_request_id, "other").await,
            Item::RepeatsAnExternalReference => self.accept("", REFERENCE).await,
            Item::OpensNothing => self.register(contact_at(&self.site), "").await,
            Item::IsOfAnUnknownSite => self.register(contact_at("sites/nowhere"), "").await,
            Item::JoinsAnOpenCase => self.register(contact_at(&self.site), &self.open).await,
            Item::JoinsAWithdrawnCase => self.register(contact_at(&self.site), &self.withdrawn).await,
            Item::JoinsACaseOfAnotherSite => self.register(contact_at(&self.site), &self.elsewhere).await,
            Item::JoinsAnUnknownCase => self.register(contact_at(&self.site), &unknown_case()).await,
        }
    }

    async fn accept(&self, request_id: &str, external_reference: &str) -> Result<String, Status> {
        let case = Case { external_reference: external_reference.to_owned(), ..case(Kind::Fault) };
        let request = AcceptCaseRequest {
            contact: Some(contact_at(&self.site)),
            case: Some(case),
            request_id: request_id.to_owned(),
        };
        self.desk.try_accept(request).await.map(|case| case.contact)
    }

    async fn register(&self, contact: Contact, case: &str) -> Result<String, Status> {
        let request = RegisterContactRequest {
            contact: Some(contact),
            case: case.to_owned(),
            ..RegisterContactRequest::default()
        };
        self.desk.client().register_contact(request).await.map(|contact| contact.into_inner().name)
    }
}

/// All items at once: the good ones are in, each bad one has its own reason, and the register has no gap.
async fn arrive_at_once(desk: &Desk, items: &[Item]) -> Result<(), TestCaseError> {
    let ground = Ground::prepare(desk).await;

    let answers = join_all(items.iter().map(|item| ground.send(*item))).await;

    let register = desk.register(&ground.site, "").await;
    for (item, answer) in items.iter().zip(&answers) {
        let reason = answer.as_ref().err().map(refused);
        prop_assert_eq!(reason, item.refusal(), "{:?}", item);
        if let Ok(contact) = answer {
            prop_assert!(register.iter().any(|registered| registered.name == *contact));
        }
    }
    let good = answers.iter().filter(|answer| answer.is_ok()).count();
    let numbers: Vec<_> = register.iter().map(|contact| contact.register_number).collect();
    let gapless: Vec<_> = (1..=i64::try_from(3 + good).unwrap()).collect();
    prop_assert_eq!(numbers, gapless);
    Ok(())
}

#[test]
fn in_any_mix_each_good_item_is_in_and_each_bad_one_has_its_own_reason() {
    let runtime = Runtime::new().unwrap();
    let desk = runtime.block_on(Desk::open());

    proptest!(ProptestConfig { cases: 24, ..ProptestConfig::default() }, |(
        items in proptest::collection::vec(item(), 1..80)
    )| {
        runtime.block_on(arrive_at_once(&desk, &items))?;
    });
    runtime.block_on(desk.stop());
}

/// A rule that only the database knows here: who needs "poison" is refused by it.
async fn poison(desk: &Desk) {
    let rule = "alter table intake.contacts add constraint contacts_poison_check check (need <> 'poison')";
    sqlx::query(rule).execute(desk.pool()).await.unwrap();
}

#[tokio::test]
async fn an_item_that_the_database_refuses_fails_alone() {
    let desk = Desk::open().await;
    poison(&desk).await;
    let caller = async |nr: usize| {
        let need = if nr == 11 { "poison" } else { "help" };
        let contact = Contact { need: need.to_owned(), ..contact() };
        desk.try_accept(AcceptCaseRequest { contact: Some(contact), ..acceptance() }).await
    };

    let mut answers = join_all((0..32).map(caller)).await;

    let refusal = answers.remove(11).unwrap_err();
    assert_eq!(refused(&refusal), (Code::Internal, "INTERNAL".to_owned()));
    assert_eq!(refusal.message(), "internal error", "no word of the driver");
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(desk.numbers().await, (1..=31).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_imported_item_that_the_database_refuses_fails_alone() {
    let desk = Desk::open().await;
    poison(&desk).await;
    let items = (1..=32).map(|nr| {
        let item = wire::item(nr, &format!("A-{nr}"));
        let need = if nr == 11 { "poison" } else { "help" };
        let contact = Contact { need: need.to_owned(), ..item.contact.clone().unwrap() };
        ImportCasesRequest { contact: Some(contact), ..item }
    });

    let mut stream =
        desk.client().import_cases(tokio_stream::iter(items.collect::<Vec<_>>())).await.unwrap().into_inner();
    let mut refused = Vec::new();
    while let Some(result) = stream.message().await.unwrap() {
        if result.outcome() == Outcome::Refused {
            refused.push((result.item, result.refusals[0].reason.clone()));
        }
    }

    assert_eq!(refused, [(11, "INTERNAL".to_owned())]);
    assert_eq!(desk.numbers().await, (1..=31).collect::<Vec<_>>());
}
