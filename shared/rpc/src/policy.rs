//! Who may call what: the one table, deny by default (GW-3).
//!
//! A method that does not stand here is refused to everybody. Rules about *which* resource somebody may change (only the
//! assignee finishes an order) are rules of the domain and stand there. The role `customer` has no method yet: customers
//! come through the channels.

use kexiang_core::{
    Role::{
        self, Administrator, Agent, Analyst, Department, Dispatcher, Manager, Service, Supervisor, Technician,
    },
    Roles,
};

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without a token: probes, and what carries its right in itself, as a signed link does.
    Public,
    /// Anybody with a good token, whatever the roles.
    Authenticated,
    /// Callers with at least one of these roles.
    Roles(&'static [Role]),
}

impl Access {
    /// Whether a caller with these roles may call.
    #[must_use]
    pub fn allows(self, roles: Roles) -> bool {
        match self {
            Self::Public | Self::Authenticated => true,
            Self::Roles(allowed) => roles.any_of(allowed),
        }
    }
}

/// Everybody who works in the center.
const STAFF: &[Role] =
    &[Agent, Supervisor, Dispatcher, Technician, Department, Analyst, Manager, Administrator, Service];
/// Who talks with customers.
const DESK: &[Role] = &[Agent, Supervisor, Administrator, Service];
/// Who writes articles of the knowledge base.
const AUTHORS: &[Role] = &[Agent, Supervisor];
/// Who reviews and retires them. Nobody reviews their own: a rule of intake.
const REVIEWERS: &[Role] = &[Supervisor, Administrator];
/// Who gives work out.
const DISPATCHERS: &[Role] = &[Dispatcher, Supervisor, Administrator];
/// Who decides that several cases are one matter, and what becomes of it.
const COORDINATORS: &[Role] = &[Agent, Supervisor, Dispatcher, Administrator];
/// Who does the work. Which order is whose is a rule of dispatch.
const DOERS: &[Role] = &[Technician, Department, Agent, Supervisor, Dispatcher];
/// Who may verify the work of others.
const VERIFIERS: &[Role] = &[Technician, Department, Agent, Supervisor, Dispatcher, Manager];
/// Who attaches and sees evidence: all who talk with customers or do the work.
const WITNESSES: &[Role] =
    &[Agent, Supervisor, Dispatcher, Technician, Department, Manager, Administrator, Service];
/// Who decides that two customers are one, or two after all.
const MERGERS: &[Role] = &[Supervisor, Administrator];
/// Who answers customers about their own data, and erases it.
const PRIVACY: &[Role] = &[Supervisor, Manager, Administrator];
/// Who takes files of customers in.
const IMPORTERS: &[Role] = &[Supervisor, Administrator, Service];
/// Who takes customers out as files, each as far as they see them. No agent: whoever leaves would take all along.
const EXPORTERS: &[Role] = &[Supervisor, Manager, Administrator, Analyst];
/// Who approves agreements, plans and what is costly to undo.
const APPROVERS: &[Role] = &[Supervisor, Manager, Administrator];
/// Who sees the prices of key accounts, and so decides about their plans. Everybody else gets them withheld (CU-11).
pub const SEES_PRICES: &[Role] = &[Supervisor, Manager];
/// Who writes special plans.
const PLANNERS: &[Role] = &[Agent, Supervisor, Manager];
/// Who sees agreements.
const CONTRACTORS: &[Role] = &[Agent, Supervisor, Manager, Administrator, Service];
/// Who hands customers over, or sees to it.
const HANDERS: &[Role] = &[Agent, Supervisor, Manager, Administrator];
/// Who makes audiences, and learns who is in them.
const AUDIENCES: &[Role] = &[Supervisor, Manager, Administrator, Service];
/// Who sees which audiences there are, and how large they are.
const AUDIENCE_FIGURES: &[Role] = &[Supervisor, Analyst, Manager, Administrator, Service];
/// Who sets the center up.
const SETUP: &[Role] = &[Administrator];
/// Who reads figures.
const FIGURES: &[Role] = &[Supervisor, Dispatcher, Analyst, Manager, Administrator, Service];
/// Other services, and administrators who look into what services tell each other.
const SERVICES: &[Role] = &[Service, Administrator];

/// Method path → who may call it.
pub const TABLE: &[(&str, Access)] = &[
    // Probes and tools.
    ("/grpc.health.v1.Health/Check", Access::Public),
    ("/grpc.health.v1.Health/List", Access::Public),
    ("/grpc.health.v1.Health/Watch", Access::Public),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Access::Authenticated),
    ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Access::Authenticated),
    // Events.
    ("/kexiang.event.v1.EventFeedService/StreamEvents", Access::Roles(SERVICES)),
    // Intake.
    ("/kexiang.intake.v1.IntakeService/CreateSite", Access::Roles(SETUP)),
    ("/kexiang.intake.v1.IntakeService/GetSite", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.IntakeService/ListSites", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.IntakeService/RegisterContact", Access::Roles(DESK)),
    ("/kexiang.intake.v1.IntakeService/GetContact", Access::Roles(DESK)),
    ("/kexiang.intake.v1.IntakeService/ListContacts", Access::Roles(DESK)),
    ("/kexiang.intake.v1.IntakeService/BatchGetContacts", Access::Roles(SERVICES)),
    ("/kexiang.intake.v1.IntakeService/AcceptCase", Access::Roles(DESK)),
    ("/kexiang.intake.v1.IntakeService/ImportCases", Access::Roles(SERVICES)),
    ("/kexiang.intake.v1.IntakeService/GetCase", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.IntakeService/ListCases", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.IntakeService/DispatchCase", Access::Roles(DESK)),
    ("/kexiang.intake.v1.IntakeService/ResolveCase", Access::Roles(DESK)),
    ("/kexiang.intake.v1.IntakeService/InformCustomer", Access::Roles(DESK)),
    ("/kexiang.intake.v1.IntakeService/CloseCase", Access::Roles(DESK)),
    ("/kexiang.intake.v1.IntakeService/ArchiveCase", Access::Roles(&[Supervisor, Administrator, Service])),
    ("/kexiang.intake.v1.IntakeService/WithdrawCase", Access::Roles(DESK)),
    ("/kexiang.intake.v1.IntakeService/ReopenCase", Access::Roles(&[Agent, Supervisor, Manager, Service])),
    // Intake: many cases at once.
    ("/kexiang.intake.v1.BulkService/BatchAcceptCases", Access::Roles(DESK)),
    ("/kexiang.intake.v1.BulkService/AcceptCases", Access::Roles(DESK)),
    // Intake: category trees and suggestions.
    ("/kexiang.intake.v1.CategoryService/CreateCategoryTree", Access::Roles(SETUP)),
    ("/kexiang.intake.v1.CategoryService/DraftCategoryTreeVersion", Access::Roles(SETUP)),
    ("/kexiang.intake.v1.CategoryService/PublishCategoryTreeVersion", Access::Roles(SETUP)),
    ("/kexiang.intake.v1.CategoryService/GetCategoryTree", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.CategoryService/ListCategoryTreeVersions", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.CategoryService/ListCategories", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.CategoryService/ResolveCategory", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.CategoryService/BindCategoryTree", Access::Roles(SETUP)),
    ("/kexiang.intake.v1.CategoryService/GetSiteCategoryTree", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.CategoryService/GetCaseCategory", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.CategoryService/SuggestCategories", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.CategoryService/TrainCategoryModel", Access::Roles(&[Supervisor, Administrator])),
    ("/kexiang.intake.v1.CategoryService/GetCategoryModel", Access::Roles(STAFF)),
    // Evidence.
    ("/kexiang.intake.v1.EvidenceService/UploadEvidence", Access::Roles(WITNESSES)),
    ("/kexiang.intake.v1.EvidenceService/BeginEvidenceUpload", Access::Roles(WITNESSES)),
    ("/kexiang.intake.v1.EvidenceService/AppendEvidenceChunk", Access::Roles(WITNESSES)),
    ("/kexiang.intake.v1.EvidenceService/FinishEvidenceUpload", Access::Roles(WITNESSES)),
    ("/kexiang.intake.v1.EvidenceService/GetEvidence", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.EvidenceService/ListEvidence", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.EvidenceService/DownloadEvidence", Access::Roles(WITNESSES)),
    ("/kexiang.intake.v1.EvidenceService/CreateEvidenceLink", Access::Roles(WITNESSES)),
    // The signature of the link is the right; the use case checks it.
    ("/kexiang.intake.v1.EvidenceService/DownloadLinkedEvidence", Access::Public),
    ("/kexiang.intake.v1.EvidenceService/DeleteEvidence", Access::Roles(&[Supervisor, Administrator])),
    // Intake: promises and recognition.
    ("/kexiang.intake.v1.PromiseService/MakePromise", Access::Roles(DESK)),
    ("/kexiang.intake.v1.PromiseService/GetPromise", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.PromiseService/ListPromises", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.PromiseService/KeepPromise", Access::Roles(DESK)),
    ("/kexiang.intake.v1.PromiseService/ReassignPromise", Access::Roles(DESK)),
    ("/kexiang.intake.v1.PromiseService/ReschedulePromise", Access::Roles(DESK)),
    ("/kexiang.intake.v1.PromiseService/WithdrawPromise", Access::Roles(DESK)),
    ("/kexiang.intake.v1.RecognitionService/RecogniseCaller", Access::Roles(DESK)),
    // Intake: knowledge base.
    ("/kexiang.intake.v1.KnowledgeService/CreateArticle", Access::Roles(AUTHORS)),
    ("/kexiang.intake.v1.KnowledgeService/GetArticle", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.KnowledgeService/UpdateArticle", Access::Roles(AUTHORS)),
    ("/kexiang.intake.v1.KnowledgeService/SubmitArticle", Access::Roles(AUTHORS)),
    ("/kexiang.intake.v1.KnowledgeService/ApproveArticle", Access::Roles(REVIEWERS)),
    ("/kexiang.intake.v1.KnowledgeService/RejectArticle", Access::Roles(REVIEWERS)),
    ("/kexiang.intake.v1.KnowledgeService/RetireArticle", Access::Roles(REVIEWERS)),
    ("/kexiang.intake.v1.KnowledgeService/ListArticles", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.KnowledgeService/ListArticleVersions", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.KnowledgeService/SearchArticles", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.KnowledgeService/RecordArticleFeedback", Access::Roles(DESK)),
    ("/kexiang.intake.v1.KnowledgeService/CiteArticle", Access::Roles(DESK)),
    ("/kexiang.intake.v1.KnowledgeService/ListCitations", Access::Roles(STAFF)),
    // Intake: calls, published numbers, agents' states.
    ("/kexiang.intake.v1.CallService/ReportCallEvents", Access::Roles(SERVICES)),
    ("/kexiang.intake.v1.CallService/GetCall", Access::Roles(DESK)),
    ("/kexiang.intake.v1.CallService/ListCalls", Access::Roles(DESK)),
    ("/kexiang.intake.v1.CallService/ListCallEvents", Access::Roles(DESK)),
    ("/kexiang.intake.v1.DeskService/CreatePublishedNumber", Access::Roles(SETUP)),
    ("/kexiang.intake.v1.DeskService/GetPublishedNumber", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.DeskService/ListPublishedNumbers", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.DeskService/UpdatePublishedNumber", Access::Roles(SETUP)),
    ("/kexiang.intake.v1.DeskService/DeletePublishedNumber", Access::Roles(SETUP)),
    ("/kexiang.intake.v1.DeskService/SetAgentState", Access::Roles(DESK)),
    ("/kexiang.intake.v1.DeskService/ListAgentStates", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.DeskService/GetDeskLoad", Access::Roles(STAFF)),
    // Intake: holds, handovers, notices.
    ("/kexiang.intake.v1.IntakeService/ListHeldCases", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.IntakeService/HoldCase", Access::Roles(DESK)),
    ("/kexiang.intake.v1.IntakeService/ResumeCase", Access::Roles(DESK)),
    ("/kexiang.intake.v1.HandoverService/OfferHandover", Access::Roles(DESK)),
    ("/kexiang.intake.v1.HandoverService/AcceptHandover", Access::Roles(DESK)),
    ("/kexiang.intake.v1.HandoverService/DeclineHandover", Access::Roles(DESK)),
    ("/kexiang.intake.v1.HandoverService/WithdrawHandover", Access::Roles(DESK)),
    ("/kexiang.intake.v1.HandoverService/GetHandover", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.HandoverService/ListHandovers", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.NoticeService/ListNotices", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.NoticeService/WatchNotices", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.NoticeService/AcknowledgeNotice", Access::Roles(STAFF)),
    // Intake: duplicates and mass faults.
    ("/kexiang.intake.v1.IncidentService/GetIncident", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.IncidentService/ListIncidents", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.IncidentService/ListIncidentCases", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.IncidentService/CreateIncident", Access::Roles(COORDINATORS)),
    ("/kexiang.intake.v1.IncidentService/JoinIncident", Access::Roles(COORDINATORS)),
    ("/kexiang.intake.v1.IncidentService/LeaveIncident", Access::Roles(COORDINATORS)),
    ("/kexiang.intake.v1.IncidentService/ResolveIncident", Access::Roles(COORDINATORS)),
    ("/kexiang.intake.v1.IncidentService/InformIncidentReporters", Access::Roles(DESK)),
    ("/kexiang.intake.v1.IncidentService/CloseIncident", Access::Roles(COORDINATORS)),
    ("/kexiang.intake.v1.IncidentService/DissolveIncident", Access::Roles(COORDINATORS)),
    ("/kexiang.intake.v1.DuplicateService/GetDuplicateProposal", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.DuplicateService/ListDuplicateProposals", Access::Roles(STAFF)),
    ("/kexiang.intake.v1.DuplicateService/LinkDuplicate", Access::Roles(COORDINATORS)),
    ("/kexiang.intake.v1.DuplicateService/DismissDuplicate", Access::Roles(COORDINATORS)),
    ("/kexiang.intake.v1.DuplicateService/UnlinkDuplicate", Access::Roles(COORDINATORS)),
    // Intake: automatic acceptance. Front ends of the channels come as services; codes are for delivery adapters alone.
    ("/kexiang.intake.v1.DialogueService/StartDialogue", Access::Roles(DESK)),
    ("/kexiang.intake.v1.DialogueService/GetDialogue", Access::Roles(DESK)),
    ("/kexiang.intake.v1.DialogueService/ContinueDialogue", Access::Roles(DESK)),
    ("/kexiang.intake.v1.DialogueService/HandOverDialogue", Access::Roles(DESK)),
    ("/kexiang.intake.v1.DialogueService/ListDialogueTurns", Access::Roles(DESK)),
    ("/kexiang.intake.v1.MessageService/LeaseMessages", Access::Roles(&[Service])),
    ("/kexiang.intake.v1.MessageService/ReportMessageDelivery", Access::Roles(&[Service])),
    // Dispatch.
    ("/kexiang.dispatch.v1.DispatchService/CreateUnit", Access::Roles(SETUP)),
    ("/kexiang.dispatch.v1.DispatchService/GetUnit", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/ListUnits", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/CreateAgent", Access::Roles(SETUP)),
    ("/kexiang.dispatch.v1.DispatchService/GetAgent", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/ListAgents", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/SignIn", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/SignOut", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/CreateRoute", Access::Roles(SETUP)),
    ("/kexiang.dispatch.v1.DispatchService/ListRoutes", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/GetWorkOrder", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/ListWorkOrders", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/ListAssignments", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/AcceptWorkOrder", Access::Roles(DOERS)),
    ("/kexiang.dispatch.v1.DispatchService/StartWorkOrder", Access::Roles(DOERS)),
    ("/kexiang.dispatch.v1.DispatchService/FinishWorkOrder", Access::Roles(DOERS)),
    ("/kexiang.dispatch.v1.DispatchService/VerifyWorkOrder", Access::Roles(VERIFIERS)),
    ("/kexiang.dispatch.v1.DispatchService/ReturnWorkOrder", Access::Roles(VERIFIERS)),
    ("/kexiang.dispatch.v1.DispatchService/ReassignWorkOrder", Access::Roles(DISPATCHERS)),
    ("/kexiang.dispatch.v1.DispatchService/GetTask", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/ListTasks", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.DispatchService/RecordReturnVisit", Access::Roles(DESK)),
    // Dispatch: org and profiles.
    ("/kexiang.dispatch.v1.OrgService/MoveUnit", Access::Roles(SETUP)),
    ("/kexiang.dispatch.v1.OrgService/ListUnitMoves", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.OrgService/SetUnitRole", Access::Roles(SETUP)),
    ("/kexiang.dispatch.v1.OrgService/ListUnitRoles", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.OrgService/SetAgentProfile", Access::Roles(&[Supervisor, Administrator])),
    ("/kexiang.dispatch.v1.OrgService/GetAgentProfile", Access::Roles(STAFF)),
    // Dispatch: presence and shifts.
    ("/kexiang.dispatch.v1.PresenceService/StartAbsence", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.PresenceService/EndAbsence", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.PresenceService/ListSignIns", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.PresenceService/ScheduleShift", Access::Roles(DISPATCHERS)),
    ("/kexiang.dispatch.v1.PresenceService/CancelShift", Access::Roles(DISPATCHERS)),
    ("/kexiang.dispatch.v1.PresenceService/ListShifts", Access::Roles(STAFF)),
    // Dispatch: rotation.
    ("/kexiang.dispatch.v1.RotationService/SetRotation", Access::Roles(&[Supervisor, Administrator])),
    ("/kexiang.dispatch.v1.RotationService/GetRotation", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.RotationService/ReorderRotation", Access::Roles(&[Supervisor, Administrator])),
    ("/kexiang.dispatch.v1.RotationService/ListRotationReorders", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.RotationService/SetRanking", Access::Roles(&[Supervisor, Administrator, Service])),
    ("/kexiang.dispatch.v1.RotationService/GetRanking", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.RotationService/TakeTurn", Access::Roles(DESK)),
    ("/kexiang.dispatch.v1.RotationService/JoinQueue", Access::Roles(DESK)),
    ("/kexiang.dispatch.v1.RotationService/LeaveQueue", Access::Roles(DESK)),
    ("/kexiang.dispatch.v1.RotationService/ServeNext", Access::Roles(DESK)),
    ("/kexiang.dispatch.v1.RotationService/EndTurn", Access::Roles(DOERS)),
    ("/kexiang.dispatch.v1.RotationService/ListTurns", Access::Roles(STAFF)),
    ("/kexiang.dispatch.v1.RotationService/ListWaiting", Access::Roles(STAFF)),
    // Customer records.
    ("/kexiang.customers.v1.CustomerRecordsService/CreateCustomer", Access::Roles(DESK)),
    ("/kexiang.customers.v1.CustomerRecordsService/GetCustomer", Access::Roles(STAFF)),
    ("/kexiang.customers.v1.CustomerRecordsService/UpdateCustomer", Access::Roles(DESK)),
    ("/kexiang.customers.v1.CustomerRecordsService/ListCustomers", Access::Roles(DESK)),
    ("/kexiang.customers.v1.CustomerRecordsService/RecogniseCaller", Access::Roles(DESK)),
    ("/kexiang.customers.v1.CustomerRecordsService/ListTimelineEntries", Access::Roles(DESK)),
    // Merging customers.
    ("/kexiang.customers.v1.MergeService/ListMergeProposals", Access::Roles(DESK)),
    ("/kexiang.customers.v1.MergeService/DismissMergeProposal", Access::Roles(MERGERS)),
    ("/kexiang.customers.v1.MergeService/PreviewMerge", Access::Roles(DESK)),
    ("/kexiang.customers.v1.MergeService/MergeCustomers", Access::Roles(MERGERS)),
    ("/kexiang.customers.v1.MergeService/UnmergeCustomers", Access::Roles(MERGERS)),
    ("/kexiang.customers.v1.MergeService/GetMerge", Access::Roles(DESK)),
    ("/kexiang.customers.v1.MergeService/ListMerges", Access::Roles(DESK)),
    // Customer records: privacy. Which purposes a role may unmask for is a rule of the domain.
    ("/kexiang.customers.v1.PrivacyService/UnmaskCustomer", Access::Roles(STAFF)),
    ("/kexiang.customers.v1.PrivacyService/ListUnmaskings", Access::Roles(&[Manager, Administrator])),
    ("/kexiang.customers.v1.PrivacyService/ExportCustomerData", Access::Roles(PRIVACY)),
    ("/kexiang.customers.v1.PrivacyService/EraseCustomer", Access::Roles(PRIVACY)),
    ("/kexiang.customers.v1.PrivacyService/GetErasure", Access::Roles(PRIVACY)),
    ("/kexiang.customers.v1.PrivacyService/ListErasures", Access::Roles(PRIVACY)),
    ("/kexiang.customers.v1.PrivacyService/PlaceLegalHold", Access::Roles(&[Manager, Administrator])),
    ("/kexiang.customers.v1.PrivacyService/ReleaseLegalHold", Access::Roles(&[Manager, Administrator])),
    ("/kexiang.customers.v1.PrivacyService/ListLegalHolds", Access::Roles(PRIVACY)),
    // Customer records: files.
    ("/kexiang.customers.v1.ImportService/ImportCustomers", Access::Roles(IMPORTERS)),
    ("/kexiang.customers.v1.ImportService/ExportCustomers", Access::Roles(EXPORTERS)),
    // Customer records: agreements. Nobody reviews what they wrote: a rule of customer records.
    ("/kexiang.customers.v1.AgreementService/DefineAgreementKind", Access::Roles(SETUP)),
    ("/kexiang.customers.v1.AgreementService/GetAgreementKind", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.AgreementService/ListAgreementKinds", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.AgreementService/OpenAgreement", Access::Roles(DESK)),
    ("/kexiang.customers.v1.AgreementService/GetAgreement", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.AgreementService/ListAgreements", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.AgreementService/ChangeAgreement", Access::Roles(DESK)),
    ("/kexiang.customers.v1.AgreementService/SubmitAgreement", Access::Roles(DESK)),
    ("/kexiang.customers.v1.AgreementService/ApproveAgreement", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.AgreementService/ReturnAgreement", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.AgreementService/AttachAgreementDocument", Access::Roles(DESK)),
    ("/kexiang.customers.v1.AgreementService/SignAgreement", Access::Roles(DESK)),
    ("/kexiang.customers.v1.AgreementService/FileAgreement", Access::Roles(DESK)),
    ("/kexiang.customers.v1.AgreementService/RenewAgreement", Access::Roles(DESK)),
    ("/kexiang.customers.v1.AgreementService/CloseAgreement", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.AgreementService/ReachAgreementStage", Access::Roles(DESK)),
    ("/kexiang.customers.v1.AgreementService/RecordPayment", Access::Roles(DESK)),
    ("/kexiang.customers.v1.AgreementService/RecordRefund", Access::Roles(APPROVERS)),
    // Customer records: ownership, disputes, follow-ups. Which customer is whose is a rule of customer records.
    ("/kexiang.customers.v1.OwnershipService/GetOwnership", Access::Roles(STAFF)),
    ("/kexiang.customers.v1.OwnershipService/ListOwnerships", Access::Roles(STAFF)),
    ("/kexiang.customers.v1.OwnershipService/ListPool", Access::Roles(DESK)),
    (
        "/kexiang.customers.v1.OwnershipService/ListLeads",
        Access::Roles(&[Supervisor, Administrator, Service]),
    ),
    ("/kexiang.customers.v1.OwnershipService/ListOwnershipEntries", Access::Roles(STAFF)),
    ("/kexiang.customers.v1.OwnershipService/ClaimCustomer", Access::Roles(&[Agent])),
    ("/kexiang.customers.v1.OwnershipService/ReleaseOwnership", Access::Roles(DESK)),
    (
        "/kexiang.customers.v1.OwnershipService/TransferOwnership",
        Access::Roles(&[Supervisor, Administrator, Service]),
    ),
    (
        "/kexiang.customers.v1.OwnershipService/AssignLead",
        Access::Roles(&[Supervisor, Administrator, Service]),
    ),
    ("/kexiang.customers.v1.OwnershipService/RecordReferral", Access::Roles(DESK)),
    (
        "/kexiang.customers.v1.OwnershipService/SetOwnershipTerms",
        Access::Roles(&[Supervisor, Administrator, Service]),
    ),
    ("/kexiang.customers.v1.OwnershipService/SetOwnershipRule", Access::Roles(SETUP)),
    ("/kexiang.customers.v1.OwnershipService/DeleteOwnershipRule", Access::Roles(SETUP)),
    ("/kexiang.customers.v1.OwnershipService/ListOwnershipRules", Access::Roles(STAFF)),
    ("/kexiang.customers.v1.OwnershipService/OpenDispute", Access::Roles(DESK)),
    ("/kexiang.customers.v1.OwnershipService/GetDispute", Access::Roles(DESK)),
    ("/kexiang.customers.v1.OwnershipService/ListDisputes", Access::Roles(DESK)),
    ("/kexiang.customers.v1.OwnershipService/ConfirmRuling", Access::Roles(&[Supervisor])),
    ("/kexiang.customers.v1.OwnershipService/WithdrawDispute", Access::Roles(DESK)),
    ("/kexiang.customers.v1.FollowUpService/RecordFollowUp", Access::Roles(DESK)),
    ("/kexiang.customers.v1.FollowUpService/GetFollowUp", Access::Roles(DESK)),
    ("/kexiang.customers.v1.FollowUpService/ListFollowUps", Access::Roles(DESK)),
    (
        "/kexiang.customers.v1.FollowUpService/ListConductFindings",
        Access::Roles(&[Supervisor, Manager, Administrator, Service]),
    ),
    // Customer records: handovers. Whose customers and who confirms are rules of customer records.
    ("/kexiang.customers.v1.CustomerHandoverService/PlanHandover", Access::Roles(HANDERS)),
    ("/kexiang.customers.v1.CustomerHandoverService/GetHandover", Access::Roles(HANDERS)),
    ("/kexiang.customers.v1.CustomerHandoverService/ListHandovers", Access::Roles(HANDERS)),
    ("/kexiang.customers.v1.CustomerHandoverService/ListHandoverItems", Access::Roles(HANDERS)),
    ("/kexiang.customers.v1.CustomerHandoverService/StartHandover", Access::Roles(HANDERS)),
    ("/kexiang.customers.v1.CustomerHandoverService/AddHandoverReceiver", Access::Roles(HANDERS)),
    (
        "/kexiang.customers.v1.CustomerHandoverService/ConfirmHandoverItems",
        Access::Roles(&[Agent, Supervisor]),
    ),
    (
        "/kexiang.customers.v1.CustomerHandoverService/DeclineHandoverItems",
        Access::Roles(&[Agent, Supervisor]),
    ),
    ("/kexiang.customers.v1.CustomerHandoverService/CancelHandover", Access::Roles(HANDERS)),
    // Customer records: finding, the view, relationships.
    ("/kexiang.customers.v1.CustomerRecordsService/SearchCustomers", Access::Roles(DESK)),
    ("/kexiang.customers.v1.CustomerRecordsService/GetCustomerView", Access::Roles(DESK)),
    ("/kexiang.customers.v1.ProfileService/GetProfile", Access::Roles(DESK)),
    ("/kexiang.customers.v1.ProfileService/UpdateProfile", Access::Roles(DESK)),
    ("/kexiang.customers.v1.ProfileService/ListProfiles", Access::Roles(DESK)),
    ("/kexiang.customers.v1.FieldSchemaService/CreateFieldSchema", Access::Roles(SETUP)),
    ("/kexiang.customers.v1.FieldSchemaService/PublishFieldSchema", Access::Roles(SETUP)),
    ("/kexiang.customers.v1.FieldSchemaService/GetFieldSchema", Access::Roles(STAFF)),
    ("/kexiang.customers.v1.FieldSchemaService/ListFieldSchemas", Access::Roles(STAFF)),
    ("/kexiang.customers.v1.RelationshipService/AddRelationship", Access::Roles(DESK)),
    ("/kexiang.customers.v1.RelationshipService/EndRelationship", Access::Roles(DESK)),
    ("/kexiang.customers.v1.RelationshipService/ListRelationships", Access::Roles(DESK)),
    ("/kexiang.customers.v1.RelationshipService/ListSameCustomerRulings", Access::Roles(DESK)),
    ("/kexiang.customers.v1.RelationshipService/GetSameCustomer", Access::Roles(DESK)),
    ("/kexiang.customers.v1.RelationshipService/MakeSameCustomerRuling", Access::Roles(&[Supervisor])),
    ("/kexiang.customers.v1.RelationshipService/WithdrawSameCustomerRuling", Access::Roles(&[Supervisor])),
    // Customer records: key accounts. Nobody approves what they want themselves: a rule of customer records.
    ("/kexiang.customers.v1.KeyAccountService/DefineKeyAccountThreshold", Access::Roles(SETUP)),
    ("/kexiang.customers.v1.KeyAccountService/GetKeyAccountThreshold", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.KeyAccountService/ListKeyAccountThresholds", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.KeyAccountService/OpenKeyAccount", Access::Roles(DESK)),
    ("/kexiang.customers.v1.KeyAccountService/GetKeyAccount", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.KeyAccountService/ListKeyAccounts", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.KeyAccountService/AddKeyAccountMember", Access::Roles(DESK)),
    ("/kexiang.customers.v1.KeyAccountService/RemoveKeyAccountMember", Access::Roles(DESK)),
    ("/kexiang.customers.v1.KeyAccountService/WriteKeyAccountPlan", Access::Roles(PLANNERS)),
    ("/kexiang.customers.v1.KeyAccountService/SubmitKeyAccountPlan", Access::Roles(PLANNERS)),
    ("/kexiang.customers.v1.KeyAccountService/ApproveKeyAccountPlan", Access::Roles(SEES_PRICES)),
    ("/kexiang.customers.v1.KeyAccountService/ReturnKeyAccountPlan", Access::Roles(SEES_PRICES)),
    ("/kexiang.customers.v1.KeyAccountService/LinkKeyAccountContract", Access::Roles(DESK)),
    ("/kexiang.customers.v1.KeyAccountService/DismissKeyAccount", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.KeyAccountService/CloseKeyAccount", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.KeyAccountService/RequestMemberChange", Access::Roles(DESK)),
    ("/kexiang.customers.v1.KeyAccountService/GetMemberChange", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.KeyAccountService/ListMemberChanges", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.KeyAccountService/ApproveMemberChange", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.KeyAccountService/RejectMemberChange", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.KeyAccountService/ListPriceSights", Access::Roles(SETUP)),
    // Customer records: archives. Which level of confidentiality who sees, and who approves what: rules of customer records.
    ("/kexiang.customers.v1.ArchiveService/DefineArchiveKind", Access::Roles(SETUP)),
    ("/kexiang.customers.v1.ArchiveService/GetArchiveKind", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.ArchiveService/ListArchiveKinds", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.ArchiveService/DefineRetentionClass", Access::Roles(SETUP)),
    ("/kexiang.customers.v1.ArchiveService/ListRetentionClasses", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.ArchiveService/CreateArchiveEntry", Access::Roles(DESK)),
    ("/kexiang.customers.v1.ArchiveService/GetArchiveEntry", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.ArchiveService/ListArchiveEntries", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.ArchiveService/ChangeArchiveEntry", Access::Roles(DESK)),
    ("/kexiang.customers.v1.ArchiveService/DraftArchiveVersion", Access::Roles(DESK)),
    ("/kexiang.customers.v1.ArchiveService/PublishArchiveVersion", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.ArchiveService/RetireArchiveEntry", Access::Roles(DESK)),
    ("/kexiang.customers.v1.ArchiveService/RestoreArchiveEntry", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.ArchiveService/ListDueArchiveEntries", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.ArchiveService/ProposeDestruction", Access::Roles(DESK)),
    ("/kexiang.customers.v1.ArchiveService/RejectDestruction", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.ArchiveService/ApproveDestruction", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.ArchiveService/LendArchiveEntry", Access::Roles(DESK)),
    ("/kexiang.customers.v1.ArchiveService/ReturnArchiveEntry", Access::Roles(DESK)),
    ("/kexiang.customers.v1.ArchiveService/ListArchiveLoans", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.ArchiveService/AssessSupplier", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.ArchiveService/RecordQuote", Access::Roles(DESK)),
    ("/kexiang.customers.v1.ArchiveService/ListSupplierQuotes", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.HandInService/OpenHandIn", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.HandInService/AddCustomerFiles", Access::Roles(APPROVERS)),
    ("/kexiang.customers.v1.HandInService/ReceiveCustomerFile", Access::Roles(DESK)),
    ("/kexiang.customers.v1.HandInService/GetHandIn", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.HandInService/ListHandIns", Access::Roles(CONTRACTORS)),
    ("/kexiang.customers.v1.HandInService/ListCustomerFiles", Access::Roles(CONTRACTORS)),
    // Customer records: segments.
    ("/kexiang.customers.v1.SegmentService/CreateSegment", Access::Roles(AUDIENCES)),
    ("/kexiang.customers.v1.SegmentService/GetSegment", Access::Roles(AUDIENCE_FIGURES)),
    ("/kexiang.customers.v1.SegmentService/ListSegments", Access::Roles(AUDIENCE_FIGURES)),
    ("/kexiang.customers.v1.SegmentService/UpdateSegment", Access::Roles(AUDIENCES)),
    ("/kexiang.customers.v1.SegmentService/DeleteSegment", Access::Roles(AUDIENCES)),
    ("/kexiang.customers.v1.SegmentService/CountSegment", Access::Roles(AUDIENCE_FIGURES)),
    ("/kexiang.customers.v1.SegmentService/CountMembers", Access::Roles(AUDIENCES)),
    ("/kexiang.customers.v1.SegmentService/StreamSegmentMembers", Access::Roles(AUDIENCES)),
    ("/kexiang.customers.v1.SegmentService/CheckFilter", Access::Roles(AUDIENCES)),
    // Reporting.
    ("/kexiang.reporting.v1.ReportingService/GetWallboard", Access::Roles(FIGURES)),
    ("/kexiang.reporting.v1.ReportingService/WatchWallboard", Access::Roles(FIGURES)),
    ("/kexiang.reporting.v1.ReportingService/GetDayReport", Access::Roles(FIGURES)),
    ("/kexiang.reporting.v1.ReportingService/GetBreakdown", Access::Roles(FIGURES)),
    ("/kexiang.reporting.v1.ReportingService/ListCountedCases", Access::Roles(FIGURES)),
];

/// Who may call the method with this path, such as `/kexiang.intake.v1.IntakeService/GetCase`; `None` for nobody.
#[must_use]
pub fn access(path: &str) -> Option<Access> {
    TABLE.iter().find(|(method, _)| *method == path).map(|(_, access)| *access)
}
