//! What customers can be filtered by: the one table. The meaning of each in SQL is in `store/segments/condition.rs`.
//!
//! To add one: a line here, its SQL there (the compiler asks for it), a line in `segment.proto`, and a story.

use crate::domain::contact_point::ContactPointKind;

/// One text or word at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextField {
    /// What the customer is.
    Kind,
    /// Where they come from.
    Source,
    /// Whose they are; an agent's id.
    Owner,
    /// Where ownership stands.
    OwnershipState,
    /// A site's id.
    OwnershipSite,
    /// What they last answered in a return visit.
    LastSatisfaction,
}

/// Several codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListField {
    /// Tiers.
    Tiers,
    /// Tags.
    Tags,
    /// Risks.
    RiskFlags,
}

/// Always a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberField {
    /// Contacts.
    ContactCount,
    /// Cases.
    CaseCount,
    /// Cases of kind COMPLAINT.
    ComplaintCount,
    /// Open ones.
    OpenCases,
    /// Work orders.
    OrderCount,
    /// How often work orders were returned.
    ReworkCount,
    /// Promises missed, also those kept late.
    PromisesMissed,
    /// Follow-ups.
    FollowUpCount,
    /// Agreements.
    AgreementCount,
    /// Units of agreements.
    AgreementUnits,
    /// How many are the same customer.
    GroupSize,
}

/// A time, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeField {
    /// The customer was created.
    Created,
    /// The last contact came.
    LastContact,
    /// The last follow-up took place.
    LastFollowUp,
    /// The running ownership began.
    OwnershipStart,
    /// The running ownership ends.
    OwnershipUntil,
    /// In the pool since.
    Pool,
    /// The next of the agreements in force ends.
    NextAgreementExpire,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagField {
    /// A contact point of this kind is known.
    Has(ContactPointKind),
}

/// What narrows what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// The last so many times 24 hours.
    Days,
    /// Kind of case: a word.
    CaseKind,
    /// Category code of a case.
    Category,
    /// Code of a kind of agreement.
    AgreementKind,
    /// State of an agreement: a word.
    AgreementState,
}

impl Parameter {
    /// Its name in a filter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::CaseKind | Self::AgreementKind => "kind",
            Self::Category => "category",
            Self::AgreementState => "state",
        }
    }
}

/// What a field holds, and so how it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One of these words.
    Word(TextField, &'static [&'static str]),
    /// Any text.
    Text(TextField),
    /// A resource name of this collection.
    Name(TextField, &'static str),
    /// Codes.
    List(ListField),
    /// An integer.
    Number(NumberField),
    /// A time.
    Time(TimeField),
    /// A flag.
    Flag(FlagField),
    /// A contact point, found by its digest: equality alone, and never saved.
    Point(ContactPointKind),
    /// Sealed: not at all.
    Sealed,
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// In filters.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// What it takes in parentheses, the one that needs no name first.
    pub parameters: &'static [Parameter],
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, parameters: &[] }
}

const fn counted(name: &'static str, number: NumberField, parameters: &'static [Parameter]) -> Field {
    Field { name, shape: Shape::Number(number), parameters }
}

/// What own fields begin with; their shape is equality by keyed tokens.
pub const OWN: &str = "own.";

const KINDS: &[&str] = &["PERSON", "HOUSEHOLD", "ORGANISATION", "OUTLET"];
const OWNERSHIP_STATES: &[&str] = &["OWNED", "POOLED", "LEAD"];
const SATISFACTIONS: &[&str] =
    &["VERY_DISSATISFIED", "DISSATISFIED", "NEUTRAL", "SATISFIED", "VERY_SATISFIED"];
/// Words of kinds of cases.
pub const CASE_KINDS: &[&str] = &[
    "CONSULTATION",
    "FAULT",
    "COMPLAINT",
    "VIOLATION_REPORT",
    "SUGGESTION",
    "SERVICE_ORDER",
    "BUSINESS",
    "LEAD",
    "OTHER",
];
/// Words of states of agreements.
pub const AGREEMENT_STATES: &[&str] =
    &["DRAFT", "IN_REVIEW", "APPROVED", "SIGNED", "FILED", "RENEWED", "CLOSED"];
const OF_AGREEMENTS: &[Parameter] = &[Parameter::AgreementKind, Parameter::AgreementState];
const DAYS: &[Parameter] = &[Parameter::Days];

/// All of them, beside own fields.
pub const FIELDS: &[Field] = &[
    // Fields.
    field("kind", Shape::Word(TextField::Kind, KINDS)),
    field("create_time", Shape::Time(TimeField::Created)),
    field("tiers", Shape::List(ListField::Tiers)),
    field("tags", Shape::List(ListField::Tags)),
    field("risk_flags", Shape::List(ListField::RiskFlags)),
    field("source", Shape::Text(TextField::Source)),
    field("has_phone", Shape::Flag(FlagField::Has(ContactPointKind::Phone))),
    field("has_email", Shape::Flag(FlagField::Has(ContactPointKind::Email))),
    field("has_address", Shape::Flag(FlagField::Has(ContactPointKind::Address))),
    field("phone", Shape::Point(ContactPointKind::Phone)),
    field("email", Shape::Point(ContactPointKind::Email)),
    counted("group_size", NumberField::GroupSize, &[]),
    // Whose they are.
    field("owner", Shape::Name(TextField::Owner, "agents")),
    field("ownership_state", Shape::Word(TextField::OwnershipState, OWNERSHIP_STATES)),
    field("ownership_site", Shape::Name(TextField::OwnershipSite, "sites")),
    field("ownership_start_time", Shape::Time(TimeField::OwnershipStart)),
    field("ownership_until_time", Shape::Time(TimeField::OwnershipUntil)),
    field("pool_time", Shape::Time(TimeField::Pool)),
    // Behaviour and history.
    counted("contact_count", NumberField::ContactCount, DAYS),
    field("last_contact_time", Shape::Time(TimeField::LastContact)),
    counted(
        "case_count",
        NumberField::CaseCount,
        &[Parameter::Days, Parameter::CaseKind, Parameter::Category],
    ),
    counted("complaint_count", NumberField::ComplaintCount, &[Parameter::Days, Parameter::Category]),
    counted("open_cases", NumberField::OpenCases, &[Parameter::CaseKind, Parameter::Category]),
    counted("order_count", NumberField::OrderCount, DAYS),
    counted("rework_count", NumberField::ReworkCount, DAYS),
    field("last_satisfaction", Shape::Word(TextField::LastSatisfaction, SATISFACTIONS)),
    counted("promises_missed", NumberField::PromisesMissed, DAYS),
    counted("follow_up_count", NumberField::FollowUpCount, DAYS),
    field("last_follow_up_time", Shape::Time(TimeField::LastFollowUp)),
    counted("agreement_count", NumberField::AgreementCount, OF_AGREEMENTS),
    counted("agreement_units", NumberField::AgreementUnits, OF_AGREEMENTS),
    Field {
        name: "next_agreement_expire_time",
        shape: Shape::Time(TimeField::NextAgreementExpire),
        parameters: &[Parameter::AgreementKind],
    },
    // Sealed.
    field("display_name", Shape::Sealed),
    field("address", Shape::Sealed),
    field("sex", Shape::Sealed),
    field("birth_date", Shape::Sealed),
    field("income_band", Shape::Sealed),
    field("education", Shape::Sealed),
    field("job", Shape::Sealed),
    field("hobbies", Shape::Sealed),
    field("needs", Shape::Sealed),
    field("family", Shape::Sealed),
    field("habits", Shape::Sealed),
    field("preferred_times", Shape::Sealed),
];
