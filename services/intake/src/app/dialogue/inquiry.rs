//! Finding what a dialogue asks for.

use std::time::Duration;

use kexiang_core::{Call, PhoneNumber};

use super::{DialogueError, Dialogues, once};
use crate::{
    app::{
        App,
        knowledge::{ArticleSearch, articles::ArticleFilter, desk::Opinion},
    },
    domain::{
        dialogue::{
            Ask, Dialogue, Finding, Line, ProvenPhone, Say, Spoken, Want,
            outcome::{Account, CaseLine, Reading, day},
            prompts::case_state,
        },
        knowledge::{ArticleKind, ArticleState, Content, Language, VersionId},
    },
    peer::customer_records::Known,
    store,
};

/// Longer nobody is kept waiting on the phone for customer records.
const PATIENCE: Duration = Duration::from_secs(2);
/// Articles that a caller is told one after another.
const ARTICLES: usize = 3;
/// Among so many of the newest articles of a kind those of the site are looked for.
const NEWEST: i64 = 200;
/// Cases that a caller is told: the newest.
const CASES: i64 = 3;

impl Dialogues {
    pub(super) async fn find_out(
        &self,
        call: &Call,
        dialogue: &mut Dialogue,
        ask: Ask,
    ) -> Result<Finding, DialogueError> {
        Ok(match ask {
            Ask::Search { query, kinds } => Finding::Articles(self.search(dialogue, query, kinds).await?),
            Ask::Newest { kind } => Finding::Articles(self.newest(dialogue, kind).await?),
            Ask::Read { version } => Finding::Article(self.read(version).await?),
            Ask::Feedback { version, helped } => {
                self.feed_back(call, dialogue, version, helped).await?;
                Finding::FeedbackKept { helped }
            }
            Ask::SendCode { phone } => self.send_code(call, dialogue, &phone).await?,
            Ask::Personal { want, phone } => self.look_up(dialogue, want, &phone).await?,
            Ask::End(ending) => self.end(call, dialogue, ending).await?,
        })
    }

    async fn search(
        &self,
        dialogue: &Dialogue,
        query: String,
        kinds: Vec<ArticleKind>,
    ) -> Result<Vec<Reading>, DialogueError> {
        let site = Some(dialogue.site.clone());
        let search = ArticleSearch::best(query, language(dialogue), kinds, site, ARTICLES);
        let found = self.app.search_articles(search).await?;
        Ok(found.hits.into_iter().map(|hit| reading(hit.version, hit.content)).collect())
    }

    /// The newest articles of a kind that hold now at this site.
    async fn newest(&self, dialogue: &Dialogue, kind: ArticleKind) -> Result<Vec<Reading>, DialogueError> {
        let now = self.app.clock.now();
        let state = Some(ArticleState::Published);
        let filter = ArticleFilter { kind: Some(kind), category: None, language: language(dialogue), state };
        let articles = self.app.list_articles(&filter, None, NEWEST).await?;
        let served = articles.iter().filter_map(|article| {
            let version = article.served()?;
            let content = &version.content;
            let here = content.site.as_ref().is_none_or(|site| *site == dialogue.site);
            let begun = content.valid_from_at.is_none_or(|from| from <= now);
            (here && begun).then(|| reading(article.version_id(version.number), content.clone()))
        });
        Ok(served.take(ARTICLES).collect())
    }

    async fn read(&self, version: VersionId) -> Result<Option<Reading>, DialogueError> {
        let mut connection = self.app.pool.acquire().await?;
        let found = store::knowledge::version::find(&mut connection, &[version]).await?.pop();
        Ok(found.map(|(id, version)| reading(id, version.content)))
    }

    async fn feed_back(
        &self,
        call: &Call,
        dialogue: &Dialogue,
        version: VersionId,
        helped: bool,
    ) -> Result<(), DialogueError> {
        let opinion = Opinion { article: version.article, helped, case: None, contact: None };
        let call = once(dialogue, "RecordArticleFeedback", dialogue.shown.turn, call.traceparent.clone());
        self.app.record_article_feedback(&call, opinion).await?;
        Ok(())
    }

    async fn look_up(
        &self,
        dialogue: &Dialogue,
        want: Want,
        phone: &ProvenPhone,
    ) -> Result<Finding, DialogueError> {
        if let Want::CaseStatus { number } = want {
            let cases = cases(&self.app, phone.phone(), number.as_deref(), dialogue.language).await?;
            return Ok(Finding::Cases(cases));
        }
        let site = self.app.sites.get(&dialogue.site).await?;
        Ok(match self.customer_records.recognise(phone.phone(), PATIENCE).await {
            Err(error) => {
                tracing::warn!(%error, "a caller could not be told what is theirs");
                Finding::RecordsDown
            }
            Ok(known) => {
                let says = known.map(|known| match want {
                    Want::Business => business(known, &site.time_zone),
                    Want::OwnData | Want::CaseStatus { .. } => own_data(known),
                });
                Finding::Customer(says.map(|says| Account { says }))
            }
        })
    }
}

fn language(dialogue: &Dialogue) -> Option<Language> {
    dialogue.language.as_str().parse().ok()
}

fn reading(version: VersionId, content: Content) -> Reading {
    Reading { version, title: content.title, body: content.body }
}

async fn cases(
    app: &App,
    phone: &PhoneNumber,
    number: Option<&str>,
    language: Spoken,
) -> Result<Vec<CaseLine>, DialogueError> {
    let mut connection = app.pool.acquire().await?;
    let found = store::dialogue::cases::find_by_phone(&mut connection, phone, number, CASES).await?;
    let told = found.into_iter().map(|case| CaseLine {
        number: case.number,
        state: case_state(case.state, language).to_owned(),
        changed_on: day(case.updated_at, &case.time_zone),
    });
    Ok(told.collect())
}

fn own_data(known: Known) -> Vec<Say> {
    let points = known.contact_points.into_iter().map(|point| Say::with(Line::ContactPoint, vec![point]));
    std::iter::once(Say::with(Line::CustomerIs, vec![known.display_name])).chain(points).collect()
}

/// What customer records tells of open matters, and that there is no more to be told here.
fn business(known: Known, time_zone: &str) -> Vec<Say> {
    let accepted_on = |at: Option<_>| at.map(|at| day(at, time_zone)).unwrap_or_default();
    let open = known.open_matters.into_iter();
    let mut says: Vec<_> = open
        .map(|open| Say::with(Line::OpenMatter, vec![open.number, accepted_on(open.accepted_at)]))
        .collect();
    if says.is_empty() {
        says.push(Say::plain(Line::NoOpenMatters));
    }
    says.push(Say::plain(Line::BusinessLimits));
    says
}
