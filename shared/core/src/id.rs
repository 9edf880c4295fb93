//! Typed ids: UUIDv7 behind one newtype per thing, so that no signature takes a case for a customer.
//!
//! A [`TypedId`] is told apart by its marker alone; the marker also knows the collection that resource names use.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::{NoContext, Uuid};

/// What an id is of.
pub trait Marker: 'static {
    /// The collection in resource names, such as `cases`.
    const COLLECTION: &'static str;
    /// The type's name in errors, such as `Case`.
    const TYPE: &'static str;
}

/// The id of one thing of the kind that `M` marks.
pub struct TypedId<M>(Uuid, PhantomData<fn() -> M>);

impl<M: Marker> TypedId<M> {
    /// The collection in resource names.
    pub const COLLECTION: &'static str = M::COLLECTION;
    /// The type's name in errors.
    pub const TYPE: &'static str = M::TYPE;

    /// A new id that sorts by its time of creation.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
        Self::from_uuid(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos)))
    }

    /// The id with this value.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// Its value, for SQL.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// Its resource name, such as `cases/0199…`.
    #[must_use]
    pub fn name(self) -> String {
        format!("{}/{}", M::COLLECTION, self.0)
    }
}

impl<M> Clone for TypedId<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for TypedId<M> {}
impl<M> PartialEq for TypedId<M> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<M> Eq for TypedId<M> {}
impl<M> PartialOrd for TypedId<M> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<M> Ord for TypedId<M> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<M> Hash for TypedId<M> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<M> fmt::Display for TypedId<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<M: Marker> fmt::Debug for TypedId<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", M::COLLECTION, self.0)
    }
}
impl<M> FromStr for TypedId<M> {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(|uuid| Self(uuid, PhantomData))
    }
}
impl<M> Serialize for TypedId<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, M> Deserialize<'de> for TypedId<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(|uuid| Self(uuid, PhantomData))
    }
}

/// The markers of all ids.
pub mod of {
    use super::Marker;

    /// Marks [`super::CaseId`].
    pub enum Case {}
    /// Marks [`super::ContactId`].
    pub enum Contact {}
    /// Marks [`super::CustomerId`].
    pub enum Customer {}
    /// Marks [`super::WorkOrderId`].
    pub enum WorkOrder {}
    /// Marks [`super::AssignmentId`].
    pub enum Assignment {}
    /// Marks [`super::RouteId`].
    pub enum Route {}
    /// Marks [`super::TaskId`].
    pub enum Task {}
    /// Marks [`super::EventId`].
    pub enum Event {}
    /// Marks [`super::EvidenceId`].
    pub enum Evidence {}
    /// Marks [`super::EvidenceObjectId`].
    pub enum EvidenceObject {}
    /// Marks [`super::PromiseId`].
    pub enum Promise {}
    /// Marks [`super::ArticleId`].
    pub enum Article {}
    /// Marks [`super::ArticleFeedbackId`].
    pub enum ArticleFeedback {}
    /// Marks [`super::CitationId`].
    pub enum Citation {}
    /// Marks [`super::CallId`].
    pub enum Call {}
    /// Marks [`super::PublishedNumberId`].
    pub enum PublishedNumber {}
    /// Marks [`super::HandoverId`].
    pub enum Handover {}
    /// Marks [`super::HoldId`].
    pub enum Hold {}
    /// Marks [`super::NoticeId`].
    pub enum Notice {}
    /// Marks [`super::IncidentId`].
    pub enum Incident {}
    /// Marks [`super::DuplicateProposalId`].
    pub enum DuplicateProposal {}
    /// Marks [`super::DialogueId`].
    pub enum Dialogue {}
    /// Marks [`super::OutboundMessageId`].
    pub enum OutboundMessage {}
    /// Marks [`super::MergeId`].
    pub enum Merge {}
    /// Marks [`super::MergeProposalId`].
    pub enum MergeProposal {}
    /// Marks [`super::ErasureId`].
    pub enum Erasure {}
    /// Marks [`super::LegalHoldId`].
    pub enum LegalHold {}
    /// Marks [`super::CustomerExportId`].
    pub enum CustomerExport {}
    /// Marks [`super::UnmaskingId`].
    pub enum Unmasking {}
    /// Marks [`super::ShiftId`].
    pub enum Shift {}
    /// Marks [`super::ArrivalId`].
    pub enum Arrival {}
    /// Marks [`super::TurnId`].
    pub enum Turn {}
    /// Marks [`super::UnitMoveId`].
    pub enum UnitMove {}

    /// An agreement of a customer.
    pub enum Agreement {}
    /// A key account.
    pub enum KeyAccount {}
    /// A member of a key account.
    pub enum KeyAccountMember {}
    /// A wish to change the members of a key account.
    pub enum MemberChange {}
    /// That somebody saw prices.
    pub enum PriceSight {}
    /// An entry of the archive's catalogue.
    pub enum ArchiveEntry {}
    /// Marks [`super::OwnershipRuleId`].
    pub enum OwnershipRule {}
    /// Marks [`super::CustomerHandoverId`].
    pub enum CustomerHandover {}
    /// Marks [`super::OwnershipDisputeId`].
    pub enum OwnershipDispute {}
    /// Marks [`super::FollowUpId`].
    pub enum FollowUp {}
    /// Marks [`super::ConductFindingId`].
    pub enum ConductFinding {}
    /// Marks [`super::ArchiveLoanId`].
    pub enum ArchiveLoan {}
    /// Marks [`super::SupplierQuoteId`].
    pub enum SupplierQuote {}
    /// Marks [`super::HandInId`].
    pub enum HandIn {}

    /// Marks [`super::FieldSchemaId`].
    pub enum FieldSchema {}
    impl Marker for FieldSchema {
        const COLLECTION: &'static str = "fieldSchemas";
        const TYPE: &'static str = "FieldSchema";
    }
    /// Marks [`super::SegmentId`].
    pub enum Segment {}
    impl Marker for Segment {
        const COLLECTION: &'static str = "segments";
        const TYPE: &'static str = "Segment";
    }
    /// Marks [`super::RelationshipId`].
    pub enum Relationship {}
    /// Marks [`super::SameCustomerRulingId`].
    pub enum SameCustomerRuling {}

    impl Marker for Relationship {
        const COLLECTION: &'static str = "relationships";
        const TYPE: &'static str = "Relationship";
    }
    impl Marker for SameCustomerRuling {
        const COLLECTION: &'static str = "sameCustomerRulings";
        const TYPE: &'static str = "SameCustomerRuling";
    }
    impl Marker for Case {
        const COLLECTION: &'static str = "cases";
        const TYPE: &'static str = "Case";
    }
    impl Marker for Contact {
        const COLLECTION: &'static str = "contacts";
        const TYPE: &'static str = "Contact";
    }
    impl Marker for Customer {
        const COLLECTION: &'static str = "customers";
        const TYPE: &'static str = "Customer";
    }
    impl Marker for WorkOrder {
        const COLLECTION: &'static str = "workOrders";
        const TYPE: &'static str = "WorkOrder";
    }
    impl Marker for Assignment {
        const COLLECTION: &'static str = "assignments";
        const TYPE: &'static str = "Assignment";
    }
    impl Marker for Route {
        const COLLECTION: &'static str = "routes";
        const TYPE: &'static str = "Route";
    }
    impl Marker for Task {
        const COLLECTION: &'static str = "tasks";
        const TYPE: &'static str = "Task";
    }
    impl Marker for Incident {
        const COLLECTION: &'static str = "incidents";
        const TYPE: &'static str = "Incident";
    }
    impl Marker for DuplicateProposal {
        const COLLECTION: &'static str = "duplicateProposals";
        const TYPE: &'static str = "DuplicateProposal";
    }
    impl Marker for Event {
        const COLLECTION: &'static str = "events";
        const TYPE: &'static str = "Event";
    }
    impl Marker for Evidence {
        const COLLECTION: &'static str = "evidence";
        const TYPE: &'static str = "Evidence";
    }
    impl Marker for EvidenceObject {
        const COLLECTION: &'static str = "evidenceObjects";
        const TYPE: &'static str = "EvidenceObject";
    }
    impl Marker for Promise {
        const COLLECTION: &'static str = "promises";
        const TYPE: &'static str = "Promise";
    }
    impl Marker for Article {
        const COLLECTION: &'static str = "articles";
        const TYPE: &'static str = "Article";
    }
    impl Marker for ArticleFeedback {
        const COLLECTION: &'static str = "articleFeedback";
        const TYPE: &'static str = "ArticleFeedback";
    }
    impl Marker for Citation {
        const COLLECTION: &'static str = "citations";
        const TYPE: &'static str = "Citation";
    }
    impl Marker for Call {
        const COLLECTION: &'static str = "calls";
        const TYPE: &'static str = "Call";
    }
    impl Marker for PublishedNumber {
        const COLLECTION: &'static str = "publishedNumbers";
        const TYPE: &'static str = "PublishedNumber";
    }
    impl Marker for Handover {
        const COLLECTION: &'static str = "handovers";
        const TYPE: &'static str = "Handover";
    }
    impl Marker for Hold {
        const COLLECTION: &'static str = "holds";
        const TYPE: &'static str = "Hold";
    }
    impl Marker for Notice {
        const COLLECTION: &'static str = "notices";
        const TYPE: &'static str = "Notice";
    }
    impl Marker for Dialogue {
        const COLLECTION: &'static str = "dialogues";
        const TYPE: &'static str = "Dialogue";
    }
    impl Marker for Agreement {
        const COLLECTION: &'static str = "agreements";
        const TYPE: &'static str = "Agreement";
    }
    impl Marker for KeyAccount {
        const COLLECTION: &'static str = "keyAccounts";
        const TYPE: &'static str = "KeyAccount";
    }
    impl Marker for KeyAccountMember {
        const COLLECTION: &'static str = "keyAccountMembers";
        const TYPE: &'static str = "KeyAccountMember";
    }
    impl Marker for MemberChange {
        const COLLECTION: &'static str = "memberChanges";
        const TYPE: &'static str = "MemberChange";
    }
    impl Marker for PriceSight {
        const COLLECTION: &'static str = "priceSights";
        const TYPE: &'static str = "PriceSight";
    }
    impl Marker for ArchiveEntry {
        const COLLECTION: &'static str = "archiveEntries";
        const TYPE: &'static str = "ArchiveEntry";
    }
    impl Marker for ArchiveLoan {
        const COLLECTION: &'static str = "archiveLoans";
        const TYPE: &'static str = "ArchiveLoan";
    }
    impl Marker for SupplierQuote {
        const COLLECTION: &'static str = "supplierQuotes";
        const TYPE: &'static str = "SupplierQuote";
    }
    impl Marker for HandIn {
        const COLLECTION: &'static str = "handIns";
        const TYPE: &'static str = "HandIn";
    }
    impl Marker for OutboundMessage {
        const COLLECTION: &'static str = "outboundMessages";
        const TYPE: &'static str = "OutboundMessage";
    }
    impl Marker for Merge {
        const COLLECTION: &'static str = "merges";
        const TYPE: &'static str = "Merge";
    }
    impl Marker for MergeProposal {
        const COLLECTION: &'static str = "mergeProposals";
        const TYPE: &'static str = "MergeProposal";
    }
    impl Marker for Erasure {
        const COLLECTION: &'static str = "erasures";
        const TYPE: &'static str = "Erasure";
    }
    impl Marker for LegalHold {
        const COLLECTION: &'static str = "legalHolds";
        const TYPE: &'static str = "LegalHold";
    }
    impl Marker for CustomerExport {
        const COLLECTION: &'static str = "customerExports";
        const TYPE: &'static str = "CustomerExport";
    }
    impl Marker for Unmasking {
        const COLLECTION: &'static str = "unmaskings";
        const TYPE: &'static str = "Unmasking";
    }
    impl Marker for OwnershipRule {
        const COLLECTION: &'static str = "ownershipRules";
        const TYPE: &'static str = "OwnershipRule";
    }
    impl Marker for CustomerHandover {
        const COLLECTION: &'static str = "customerHandovers";
        const TYPE: &'static str = "CustomerHandover";
    }
    impl Marker for OwnershipDispute {
        const COLLECTION: &'static str = "ownershipDisputes";
        const TYPE: &'static str = "OwnershipDispute";
    }
    impl Marker for FollowUp {
        const COLLECTION: &'static str = "followUps";
        const TYPE: &'static str = "FollowUp";
    }
    impl Marker for ConductFinding {
        const COLLECTION: &'static str = "conductFindings";
        const TYPE: &'static str = "ConductFinding";
    }
    impl Marker for Shift {
        const COLLECTION: &'static str = "shifts";
        const TYPE: &'static str = "Shift";
    }
    impl Marker for Arrival {
        const COLLECTION: &'static str = "arrivals";
        const TYPE: &'static str = "Arrival";
    }
    impl Marker for Turn {
        const COLLECTION: &'static str = "turns";
        const TYPE: &'static str = "Turn";
    }
    impl Marker for UnitMove {
        const COLLECTION: &'static str = "unitMoves";
        const TYPE: &'static str = "UnitMove";
    }
}

/// A case 受理单.
pub type CaseId = TypedId<of::Case>;
/// A contact 来电/来访.
pub type ContactId = TypedId<of::Contact>;
/// A customer.
pub type CustomerId = TypedId<of::Customer>;
/// A version of a pack's own fields (CU-1).
pub type FieldSchemaId = TypedId<of::FieldSchema>;
/// The id of a segment.
pub type SegmentId = TypedId<of::Segment>;
/// What one customer is to another (CU-3).
pub type RelationshipId = TypedId<of::Relationship>;
/// A supervisor's exception of who is one customer (CU-3).
pub type SameCustomerRulingId = TypedId<of::SameCustomerRuling>;
/// A work order 电子工单.
pub type WorkOrderId = TypedId<of::WorkOrder>;
/// One decision who does a work order.
pub type AssignmentId = TypedId<of::Assignment>;
/// A line of the routing table.
pub type RouteId = TypedId<of::Route>;
/// A task 外呼/跟踪任务.
pub type TaskId = TypedId<of::Task>;
/// An event.
pub type EventId = TypedId<of::Event>;
/// A file that proves something.
pub type EvidenceId = TypedId<of::Evidence>;
/// The bytes of such files in the object store, under a key that is used once.
pub type EvidenceObjectId = TypedId<of::EvidenceObject>;
/// A promise to a customer 约定.
pub type PromiseId = TypedId<of::Promise>;
/// An article of the knowledge base 知识条目.
pub type ArticleId = TypedId<of::Article>;
/// What somebody said of an article.
pub type ArticleFeedbackId = TypedId<of::ArticleFeedback>;
/// An answer that leans on an article.
pub type CitationId = TypedId<of::Citation>;
/// A phone call 通话.
pub type CallId = TypedId<of::Call>;
/// A published number 公布号码.
pub type PublishedNumberId = TypedId<of::PublishedNumber>;
/// An offer of the first responsibility for a case (IN-11).
pub type HandoverId = TypedId<of::Handover>;
/// A spell of a case on hold (IN-18).
pub type HoldId = TypedId<of::Hold>;
/// Something that staff have to know at once.
pub type NoticeId = TypedId<of::Notice>;
/// A mass fault 群障.
pub type IncidentId = TypedId<of::Incident>;
/// A proposal that two cases are one matter.
pub type DuplicateProposalId = TypedId<of::DuplicateProposal>;
/// A dialogue over a self-service channel 自助受理.
pub type DialogueId = TypedId<of::Dialogue>;
/// A message to be sent 外发消息.
pub type OutboundMessageId = TypedId<of::OutboundMessage>;
/// Two customers that became one.
pub type MergeId = TypedId<of::Merge>;
/// A proposal that two customers are one.
pub type MergeProposalId = TypedId<of::MergeProposal>;
/// The erasure of a customer, and its receipt.
pub type ErasureId = TypedId<of::Erasure>;
/// What keeps a customer from being erased.
pub type LegalHoldId = TypedId<of::LegalHold>;
/// That somebody took customers out as a file.
pub type CustomerExportId = TypedId<of::CustomerExport>;
/// That somebody saw what is masked.
pub type UnmaskingId = TypedId<of::Unmasking>;
/// Id of an agreement.
pub type AgreementId = TypedId<of::Agreement>;
/// Id of a key account.
pub type KeyAccountId = TypedId<of::KeyAccount>;
/// Id of a member of a key account.
pub type KeyAccountMemberId = TypedId<of::KeyAccountMember>;
/// Id of a change of members.
pub type MemberChangeId = TypedId<of::MemberChange>;
/// Id of a sight of prices.
pub type PriceSightId = TypedId<of::PriceSight>;
/// Id of an entry of the archive's catalogue.
pub type ArchiveEntryId = TypedId<of::ArchiveEntry>;
/// A rule of ownership 归属规则.
pub type OwnershipRuleId = TypedId<of::OwnershipRule>;
/// A handover of an agent's customers 客户交接.
pub type CustomerHandoverId = TypedId<of::CustomerHandover>;
/// A dispute whose a customer is 撞单.
pub type OwnershipDisputeId = TypedId<of::OwnershipDispute>;
/// A follow-up of a customer 跟踪记录.
pub type FollowUpId = TypedId<of::FollowUp>;
/// Something not in order with an agent's records.
pub type ConductFindingId = TypedId<of::ConductFinding>;
/// A shift of the roster 排班.
pub type ShiftId = TypedId<of::Shift>;
/// A customer at a reception desk.
pub type ArrivalId = TypedId<of::Arrival>;
/// One turn of a rotation 轮次.
pub type TurnId = TypedId<of::Turn>;
/// A move of a unit in the tree.
pub type UnitMoveId = TypedId<of::UnitMove>;
/// Id of a loan of what the archive keeps.
pub type ArchiveLoanId = TypedId<of::ArchiveLoan>;
/// Id of a supplier's quote.
pub type SupplierQuoteId = TypedId<of::SupplierQuote>;
/// Id of the customer files that an agent hands in for a month.
pub type HandInId = TypedId<of::HandIn>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_time_of_creation() {
        let early = CaseId::at(Timestamp::from_millisecond(1_000).unwrap());
        let late = CaseId::at(Timestamp::from_millisecond(2_000).unwrap());

        assert!(early < late);
    }

    #[test]
    fn a_name_reads_back() {
        let id = CaseId::at(Timestamp::UNIX_EPOCH);

        let name = id.name();

        assert_eq!(name.strip_prefix("cases/").unwrap().parse::<CaseId>().unwrap(), id);
    }
}
