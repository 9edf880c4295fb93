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
    /// Anybody, without a token: probes.
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
/// Who does the work. Which order is whose is a rule of dispatch.
const DOERS: &[Role] = &[Technician, Department, Agent, Supervisor, Dispatcher];
/// Who may verify the work of others.
const VERIFIERS: &[Role] = &[Technician, Department, Agent, Supervisor, Dispatcher, Manager];
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
    // Customer records.
    ("/kexiang.customers.v1.CustomerRecordsService/CreateCustomer", Access::Roles(DESK)),
    ("/kexiang.customers.v1.CustomerRecordsService/GetCustomer", Access::Roles(DESK)),
    ("/kexiang.customers.v1.CustomerRecordsService/UpdateCustomer", Access::Roles(DESK)),
    ("/kexiang.customers.v1.CustomerRecordsService/ListCustomers", Access::Roles(DESK)),
    ("/kexiang.customers.v1.CustomerRecordsService/RecogniseCaller", Access::Roles(DESK)),
    ("/kexiang.customers.v1.CustomerRecordsService/ListTimelineEntries", Access::Roles(DESK)),
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
