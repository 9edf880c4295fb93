//! Key accounts in the words of the stories.

use kexiang_core::{AgreementId, EvidenceId, Role};
use kexiang_proto::customers_v1::{
    Agreement, ApproveKeyAccountPlanRequest, GetKeyAccountRequest, KeyAccount, KeyAccountFacts,
    KeyAccountItem, KeyAccountMember, KeyAccountTerms, LinkKeyAccountContractRequest, ListKeyAccountsRequest,
    MemberChange, MemberChangeKind, OpenAgreementRequest, OpenKeyAccountRequest, RequestMemberChangeRequest,
    SubmitKeyAccountPlanRequest, WriteKeyAccountPlanRequest,
    key_account_service_client::KeyAccountServiceClient,
};
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    agreement::content,
    center::{Bearer, Center, START},
};

pub type Client = KeyAccountServiceClient<InterceptedService<Channel, Bearer>>;

/// A member to be.
pub fn member(customer: &str, display_name: &str) -> KeyAccountMember {
    KeyAccountMember {
        customer: customer.to_owned(),
        display_name: display_name.to_owned(),
        ..KeyAccountMember::default()
    }
}

/// 10 homes at 88.50 less 5 %, and a garage; 2.5 % off the sum of 840.75 + 0.33.
pub fn terms() -> KeyAccountTerms {
    let item = |code: &str, quantity, unit_price: &str, discount_percent: &str| KeyAccountItem {
        code: code.to_owned(),
        display_name: code.to_owned(),
        quantity,
        unit_price: unit_price.to_owned(),
        discount_percent: discount_percent.to_owned(),
        ..KeyAccountItem::default()
    };
    KeyAccountTerms {
        currency_code: "CNY".to_owned(),
        items: vec![item("home", 10, "88.50", "5"), item("garage", 1, "0.3333", "")],
        discount_percent: "2.5".to_owned(),
        payment_terms: "half at once".to_owned(),
        special_terms: "keys by May".to_owned(),
        ..KeyAccountTerms::default()
    }
}

impl Center {
    /// Speaks about key accounts as somebody.
    pub fn key_accounts_as(&self, subject: &str, roles: &[Role]) -> Client {
        KeyAccountServiceClient::with_interceptor(self.channel.clone(), self.bearer_of(subject, roles))
    }

    /// Speaks about key accounts as an agent.
    pub fn planner(&self) -> Client {
        self.key_accounts_as("li.ming", &[Role::Agent])
    }

    /// Speaks about key accounts as a supervisor, who sees prices.
    pub fn approver(&self) -> Client {
        self.key_accounts_as("chen.jie", &[Role::Supervisor])
    }

    /// Speaks about key accounts as who sets the center up.
    pub fn keeper(&self) -> Client {
        self.key_accounts_as("zhao.min", &[Role::Administrator])
    }

    /// An agreement of a customer about so many units, ready to be filed.
    pub async fn ready_to_file(&self, customer: &str, units: i32) -> Agreement {
        let mut content = content();
        content.units = units;
        let request = OpenAgreementRequest {
            customer: customer.to_owned(),
            kind: "agreementKinds/loan".to_owned(),
            currency_code: "CNY".to_owned(),
            content: Some(content),
            ..Default::default()
        };
        let agreement = self.agreements().open_agreement(request).await.unwrap().into_inner();
        self.attach(&agreement.name, "identity").await;
        self.attach(&agreement.name, "copy").await;
        self.review(&agreement.name).await;
        self.try_sign(&agreement.name).await.unwrap()
    }

    /// Files an agreement of a customer about so many units; its name.
    pub async fn file_units(&self, customer: &str, units: i32) -> String {
        let name = self.ready_to_file(customer, units).await.name;
        self.try_file(&name).await.unwrap().name
    }

    /// Customers with these names, and the kind of agreement that stories use.
    pub async fn customers<const N: usize>(&self, names: [&str; N]) -> [String; N] {
        self.define_loan().await;
        let mut created = Vec::new();
        for name in names {
            created.push(self.create(name, &[]).await.name);
        }
        created.try_into().unwrap()
    }

    /// Tries to open a group.
    pub async fn try_open(&self, members: &[&str]) -> Result<KeyAccount, Status> {
        let request = OpenKeyAccountRequest {
            title: "Group".to_owned(),
            members: members.iter().map(|customer| member(customer, "Name")).collect(),
            ..Default::default()
        };
        self.planner().open_key_account(request).await.map(tonic::Response::into_inner)
    }

    /// A customer and the key account proposed for it alone, with the agreement that made it one.
    pub async fn proposed(&self) -> (String, KeyAccount, String) {
        let [customer] = self.customers(["Wang Fang"]).await;
        let agreement = self.file_units(&customer, 10).await;
        let account = self.key_accounts_of(&customer).await.remove(0);
        (customer, account, agreement)
    }

    /// Writes a plan as the agent.
    pub async fn write_plan(&self, name: &str) -> Result<KeyAccount, Status> {
        let request =
            WriteKeyAccountPlanRequest { name: name.to_owned(), terms: Some(terms()), ..Default::default() };
        self.planner().write_key_account_plan(request).await.map(tonic::Response::into_inner)
    }

    /// Submits the plan as the agent.
    pub async fn submit_plan(&self, name: &str) -> Result<KeyAccount, Status> {
        let request = SubmitKeyAccountPlanRequest { name: name.to_owned(), ..Default::default() };
        self.planner().submit_key_account_plan(request).await.map(tonic::Response::into_inner)
    }

    /// Approves the plan as the supervisor.
    pub async fn approve_plan(&self, name: &str) -> Result<KeyAccount, Status> {
        let request = ApproveKeyAccountPlanRequest { name: name.to_owned(), ..Default::default() };
        self.approver().approve_key_account_plan(request).await.map(tonic::Response::into_inner)
    }

    /// Writes, submits and approves a plan.
    pub async fn plan(&self, name: &str) -> KeyAccount {
        self.write_plan(name).await.unwrap();
        self.submit_plan(name).await.unwrap();
        self.approve_plan(name).await.unwrap()
    }

    /// Links a contract as the agent.
    pub async fn link(&self, name: &str, agreement: &str) -> Result<KeyAccount, Status> {
        let request = LinkKeyAccountContractRequest {
            name: name.to_owned(),
            agreement: agreement.to_owned(),
            ..Default::default()
        };
        self.planner().link_key_account_contract(request).await.map(tonic::Response::into_inner)
    }

    /// Gets a key account as somebody.
    pub async fn key_account(&self, mut client: Client, name: &str) -> KeyAccount {
        let request = GetKeyAccountRequest { name: name.to_owned() };
        client.get_key_account(request).await.unwrap().into_inner()
    }

    /// Key accounts with this member, newest first.
    pub async fn key_accounts_of(&self, customer: &str) -> Vec<KeyAccount> {
        let request = ListKeyAccountsRequest { customer: customer.to_owned(), ..Default::default() };
        self.planner().list_key_accounts(request).await.unwrap().into_inner().key_accounts
    }

    /// Asks for another name of the first member as the agent.
    pub async fn rename(&self, account: &KeyAccount, display_name: &str) -> Result<MemberChange, Status> {
        let request = RequestMemberChangeRequest {
            member: account.members[0].name.clone(),
            display_name: display_name.to_owned(),
            ..change(account, MemberChangeKind::Rename)
        };
        self.planner().request_member_change(request).await.map(tonic::Response::into_inner)
    }

    /// Waits until all are looked at whom a change of thresholds may concern.
    pub async fn until_no_checks(&self) {
        let left = "select exists (select from customer_records.key_account_checks)";
        for _ in 0..1_000 {
            let left: bool = sqlx::query_scalar(left).fetch_one(&self.pool).await.unwrap();
            if !left {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("not all are looked at within 10 s");
    }

    /// What was told of a key account: types without their prefix, and facts.
    pub async fn told_of_key_account(&self, name: &str) -> Vec<(String, KeyAccountFacts)> {
        let told = self.told().await.into_iter().filter(|event| event.subject == name);
        told.map(|event| {
            let facts = event.data.unwrap().to_msg().unwrap();
            (event.r#type.trim_start_matches("key_account.").to_owned(), facts)
        })
        .collect()
    }
}

/// A change of members with its proof.
pub fn change(account: &KeyAccount, kind: MemberChangeKind) -> RequestMemberChangeRequest {
    RequestMemberChangeRequest {
        key_account: account.name.clone(),
        kind: kind.into(),
        evidence: EvidenceId::at(START).name(),
        sha256: "AB".repeat(32),
        reason: "married".to_owned(),
        ..RequestMemberChangeRequest::default()
    }
}

/// An agreement that is not there.
pub fn no_agreement() -> String {
    AgreementId::at(START).name()
}
