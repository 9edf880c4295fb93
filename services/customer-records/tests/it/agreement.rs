//! Agreements in the words of the stories.

use jiff::SignedDuration;
use kexiang_core::{EvidenceId, Role, Timestamp};
use kexiang_proto::customers_v1::{
    Agreement, AgreementContent, AgreementFacts, AgreementKind, ApproveAgreementRequest,
    AttachAgreementDocumentRequest, DefineAgreementKindRequest, DocumentStep, FileAgreementRequest,
    GetAgreementRequest, Installment, OpenAgreementRequest, RecordPaymentRequest, RecordRefundRequest,
    RequiredDocument, SignAgreementRequest, SubmitAgreementRequest,
    agreement_service_client::AgreementServiceClient,
};
use kexiang_rpc::time::to_wire;
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

use crate::center::{Bearer, Center, START};

pub type Client = AgreementServiceClient<InterceptedService<Channel, Bearer>>;

/// This many days after the start.
pub fn day(days: i64) -> Timestamp {
    START.checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

/// What is agreed on: 100.00 due on day 10 and 50.50 on day 20, until day 30.
pub fn content() -> AgreementContent {
    let item = |amount: &str, at| Installment {
        amount: amount.to_owned(),
        due_time: Some(to_wire(day(at))),
        ..Installment::default()
    };
    AgreementContent {
        title: "住房贷款".to_owned(),
        units: 1,
        expire_time: Some(to_wire(day(30))),
        installments: vec![item("100.00", 10), item("50.50", 20)],
        ..AgreementContent::default()
    }
}

/// A kind whose agreements need an identity card to be signed and the signed copy to be filed.
pub fn loan() -> AgreementKind {
    let document = |code: &str, step: DocumentStep| RequiredDocument {
        code: code.to_owned(),
        display_name: code.to_owned(),
        needed_for: step.into(),
    };
    AgreementKind {
        display_name: "Loan".to_owned(),
        documents: vec![document("identity", DocumentStep::Sign), document("copy", DocumentStep::File)],
        stages: ["applied", "approved", "mortgage", "paid_out"].map(str::to_owned).to_vec(),
        expiry_notice_days: 5,
        payment_notice_days: 2,
        ..AgreementKind::default()
    }
}

impl Center {
    /// Speaks about agreements as an agent who writes them, and may set up kinds.
    pub fn agreements(&self) -> Client {
        self.agreements_as("li.ming", &[Role::Agent, Role::Administrator])
    }

    /// Speaks about agreements as somebody else.
    pub fn agreements_as(&self, subject: &str, roles: &[Role]) -> Client {
        AgreementServiceClient::with_interceptor(self.channel.clone(), self.bearer_of(subject, roles))
    }

    /// Speaks about agreements as who reviews them.
    pub fn reviewer(&self) -> Client {
        self.agreements_as("chen.jie", &[Role::Supervisor])
    }

    /// Defines the kind `loan`.
    pub async fn define_loan(&self) -> AgreementKind {
        let request = DefineAgreementKindRequest {
            code: "loan".to_owned(),
            agreement_kind: Some(loan()),
            ..Default::default()
        };
        self.agreements().define_agreement_kind(request).await.unwrap().into_inner()
    }

    /// A customer and the request that opens a loan for them.
    pub async fn loan_request(&self) -> OpenAgreementRequest {
        self.define_loan().await;
        let customer = self.create("Li Na", &[]).await.name;
        OpenAgreementRequest {
            customer,
            kind: "agreementKinds/loan".to_owned(),
            currency_code: "CNY".to_owned(),
            content: Some(content()),
            ..Default::default()
        }
    }

    /// A loan being written.
    pub async fn open_loan(&self) -> Agreement {
        let request = self.loan_request().await;
        self.agreements().open_agreement(request).await.unwrap().into_inner()
    }

    /// Attaches a document.
    pub async fn attach(&self, name: &str, code: &str) -> Agreement {
        let request = AttachAgreementDocumentRequest {
            name: name.to_owned(),
            code: code.to_owned(),
            evidence: EvidenceId::at(START).name(),
            sha256: "AB".repeat(32),
            ..Default::default()
        };
        self.agreements().attach_agreement_document(request).await.unwrap().into_inner()
    }

    /// Submits and approves a draft.
    pub async fn review(&self, name: &str) {
        let name = name.to_owned();
        let submit = SubmitAgreementRequest { name: name.clone(), ..Default::default() };
        self.agreements().submit_agreement(submit).await.unwrap();
        let approve = ApproveAgreementRequest { name, ..Default::default() };
        self.reviewer().approve_agreement(approve).await.unwrap();
    }

    /// Tries to sign.
    pub async fn try_sign(&self, name: &str) -> Result<Agreement, Status> {
        let request = SignAgreementRequest {
            name: name.to_owned(),
            sign_time: Some(to_wire(self.clock.now())),
            ..Default::default()
        };
        self.agreements().sign_agreement(request).await.map(tonic::Response::into_inner)
    }

    /// Tries to file.
    pub async fn try_file(&self, name: &str) -> Result<Agreement, Status> {
        let request = FileAgreementRequest {
            name: name.to_owned(),
            file_number: "A-1".to_owned(),
            ..Default::default()
        };
        self.agreements().file_agreement(request).await.map(tonic::Response::into_inner)
    }

    /// Brings a draft into force.
    pub async fn bring_into_force(&self, name: &str) -> Agreement {
        self.attach(name, "identity").await;
        self.attach(name, "copy").await;
        self.review(name).await;
        self.try_sign(name).await.unwrap();
        self.try_file(name).await.unwrap()
    }

    /// Records money that came.
    pub async fn pay(&self, name: &str, amount: &str) -> Result<Agreement, Status> {
        let request = RecordPaymentRequest {
            name: name.to_owned(),
            amount: amount.to_owned(),
            pay_time: Some(to_wire(self.clock.now())),
            reference: "R-1".to_owned(),
            ..Default::default()
        };
        self.agreements().record_payment(request).await.map(tonic::Response::into_inner)
    }

    /// Records money given back.
    pub async fn refund(&self, name: &str, amount: &str) -> Result<Agreement, Status> {
        let request = RecordRefundRequest {
            name: name.to_owned(),
            amount: amount.to_owned(),
            pay_time: Some(to_wire(self.clock.now())),
            reference: "R-2".to_owned(),
            ..Default::default()
        };
        self.reviewer().record_refund(request).await.map(tonic::Response::into_inner)
    }

    /// Gets an agreement.
    pub async fn agreement(&self, name: &str) -> Agreement {
        let request = GetAgreementRequest { name: name.to_owned() };
        self.agreements().get_agreement(request).await.unwrap().into_inner()
    }

    /// Waits until something was told so often.
    pub async fn until_told(&self, event_type: &str, times: i64) {
        let count = "select count(*) from customer_records.event_log where event_type = $1";
        for _ in 0..1_000 {
            let told: i64 = sqlx::query_scalar(count).bind(event_type).fetch_one(&self.pool).await.unwrap();
            if told >= times {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{event_type} is not told within 10 s");
    }

    /// What was told of an agreement: type, installment, late.
    pub async fn told_of_agreement(&self, name: &str) -> Vec<(String, i32, bool)> {
        let told = self.told().await.into_iter().filter(|event| event.subject == name);
        told.map(|event| {
            let facts: AgreementFacts = event.data.unwrap().to_msg().unwrap();
            (event.r#type.trim_start_matches("agreement.").to_owned(), facts.installment, facts.late)
        })
        .collect()
    }
}
