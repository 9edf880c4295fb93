//! From a row to the request of ImportCases. Everything that is wrong with a row is told at once; what intake checks
//! itself (lengths, required texts, phones) is left to intake.

use std::collections::BTreeMap;

use kexiang_core::{Channel, CustomerKind, Kind, Severity};
use kexiang_proto::{intake_v1 as intake, type_v1 as words};
use serde::Deserialize;

use super::{
    Profile, Refusal,
    choice::{Choice, Unknown},
    row::{Pattern, Row},
    template::Template,
};

/// How a case is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseColumns {
    /// What makes a second import of the same file harmless.
    pub external_reference: Template,
    kind: Choice<Kind>,
    severity: Option<Choice<Severity>>,
    title: Template,
    category: Template,
    description: Option<Template>,
    district: Option<Template>,
    address: Option<Template>,
    /// What was done; read for closed rows only.
    resolution: Option<Template>,
}

/// How a contact is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactColumns {
    channel: Choice<Channel>,
    need: Template,
    heard_from: Option<Template>,
    /// In order of preference.
    caller: Vec<CallerColumns>,
}

/// One way to say who came. It applies when all its conditions hold and all its texts can be filled.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallerColumns {
    #[serde(default)]
    when: BTreeMap<String, Vec<Pattern>>,
    #[serde(default)]
    unless: BTreeMap<String, Vec<Pattern>>,
    kind: Choice<CustomerKind>,
    display_name: Template,
    phone: Option<Template>,
    email: Option<Template>,
    address: Option<Template>,
    #[serde(default)]
    phone_declined: bool,
}

/// A row as intake takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Translated {
    /// The request, with the file's line as item.
    pub request: intake::ImportCasesRequest,
    /// Its times contradicted each other, and the profile says how to take them.
    pub adjusted: bool,
}

impl Profile {
    /// Translates a row.
    ///
    /// # Errors
    /// All refusals of the row.
    pub fn translate(&self, row: &Row<'_>, line: u64, site: &str) -> Result<Translated, Vec<Refusal>> {
        let mut refusals = Vec::new();
        let channel = keep(self.contact.channel.choose(row), "contact.channel", &mut refusals);
        let kind = keep(self.case.kind.choose(row), "case.kind", &mut refusals);
        let severity = self
            .case
            .severity
            .as_ref()
            .and_then(|severity| keep(severity.choose(row), "case.severity", &mut refusals));
        let caller = self.contact.caller(row).unwrap_or_else(|refusal| {
            refusals.push(refusal);
            None
        });
        let span = self.span(row).map_err(|refusal| refusals.push(refusal)).ok();
        let (Some(channel), Some(kind), Some(span), true) = (channel, kind, span, refusals.is_empty()) else {
            return Err(refusals);
        };
        let closed = span.closed.is_some();
        let request = intake::ImportCasesRequest {
            item: i64::try_from(line).unwrap_or(i64::MAX),
            contact: Some(intake::Contact {
                site: format!("sites/{site}"),
                contact_time: Some(wire_time(span.opened)),
                channel: wire_channel(channel).into(),
                caller,
                need: self.contact.need.fill(row).unwrap_or_default(),
                heard_from: fill(self.contact.heard_from.as_ref(), row),
                ..Default::default()
            }),
            case: Some(intake::Case {
                kind: wire_kind(kind).into(),
                severity: severity.map_or(words::Severity::Unspecified, wire_severity).into(),
                ..self.case.texts(row)
            }),
            close_time: span.closed.map(wire_time),
            resolution: fill(self.case.resolution.as_ref().filter(|_| closed), row),
        };
        Ok(Translated { request, adjusted: span.adjusted })
    }

    fn span(&self, row: &Row<'_>) -> Result<super::times::Span, Refusal> {
        let is_closed = self.state.as_ref().map(|state| state.is_closed(row)).transpose();
        self.times.read(row, is_closed.map_err(|unknown| Refusal::of_unknown("state", &unknown))?)
    }
}

impl CaseColumns {
    fn texts(&self, row: &Row<'_>) -> intake::Case {
        intake::Case {
            external_reference: self.external_reference.fill(row).unwrap_or_default(),
            title: self.title.fill(row).unwrap_or_default(),
            category: self.category.fill(row).unwrap_or_default(),
            description: fill(self.description.as_ref(), row),
            district: fill(self.district.as_ref(), row),
            address: fill(self.address.as_ref(), row),
            ..Default::default()
        }
    }

    /// The columns it reads.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let optional = [&self.description, &self.district, &self.address, &self.resolution];
        let texts = [&self.external_reference, &self.title, &self.category]
            .into_iter()
            .chain(optional.into_iter().flatten());
        texts
            .flat_map(Template::columns)
            .chain(self.kind.columns())
            .chain(self.severity.iter().flat_map(Choice::columns))
    }
}

impl ContactColumns {
    fn caller(&self, row: &Row<'_>) -> Result<Option<intake::Caller>, Refusal> {
        let unknown = |unknown| Refusal::of_unknown("contact.caller.kind", &unknown);
        match self.caller.iter().find_map(|caller| caller.fill(row)) {
            Some(caller) => caller.map(Some).map_err(unknown),
            None => Err(Refusal::new("contact.caller", "BLANK", "no caller of the profile fits the row")),
        }
    }

    /// The columns it reads.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let own = self
            .channel
            .columns()
            .chain(self.need.columns())
            .chain(self.heard_from.iter().flat_map(Template::columns));
        own.chain(self.caller.iter().flat_map(CallerColumns::columns))
    }
}

impl CallerColumns {
    fn fill(&self, row: &Row<'_>) -> Option<Result<intake::Caller, Unknown>> {
        let excluded = !self.unless.is_empty() && row.fits(&self.unless);
        if excluded || !row.fits(&self.when) {
            return None;
        }
        let text = |template: &Option<Template>| {
            template.as_ref().map_or(Some(String::new()), |template| template.fill(row))
        };
        let caller = intake::Caller {
            display_name: self.display_name.fill(row)?,
            phone: text(&self.phone)?,
            phone_declined: self.phone_declined,
            email: text(&self.email)?,
            address: text(&self.address)?,
            kind: 0,
        };
        Some(
            self.kind
                .choose(row)
                .map(|kind| intake::Caller { kind: wire_customer_kind(kind).into(), ..caller }),
        )
    }

    fn columns(&self) -> impl Iterator<Item = &str> {
        let conditions = self.when.keys().chain(self.unless.keys()).map(String::as_str);
        let texts =
            [&self.phone, &self.email, &self.address].into_iter().flatten().flat_map(Template::columns);
        conditions.chain(self.display_name.columns()).chain(texts).chain(self.kind.columns())
    }
}

fn keep<T>(chosen: Result<T, Unknown>, field: &str, refusals: &mut Vec<Refusal>) -> Option<T> {
    chosen.map_err(|unknown| refusals.push(Refusal::of_unknown(field, &unknown))).ok()
}

fn fill(template: Option<&Template>, row: &Row<'_>) -> String {
    template.and_then(|template| template.fill(row)).unwrap_or_default()
}

fn wire_time(time: jiff::Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

/// The proto's names are the vocabulary's with a prefix.
fn wire_channel(word: Channel) -> words::Channel {
    words::Channel::from_str_name(&format!("CHANNEL_{word}")).unwrap_or_default()
}

fn wire_kind(word: Kind) -> words::Kind {
    words::Kind::from_str_name(&format!("KIND_{word}")).unwrap_or_default()
}

fn wire_severity(word: Severity) -> words::Severity {
    words::Severity::from_str_name(&format!("SEVERITY_{word}")).unwrap_or_default()
}

fn wire_customer_kind(word: CustomerKind) -> words::CustomerKind {
    words::CustomerKind::from_str_name(&format!("CUSTOMER_KIND_{word}")).unwrap_or_default()
}
