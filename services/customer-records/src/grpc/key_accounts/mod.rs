//! KeyAccountService: handlers; [`read`] takes from the wire, [`write`] and [`status`] put to it.

mod read;
mod status;
mod write;

use kexiang_core::{KeyAccountId, MemberChangeId, PriceSightId};
use kexiang_proto::customers_v1::{self as pb, key_account_service_server::KeyAccountService};
use kexiang_rpc::{PageRequest, Violations, call, field};
use tonic::{Request, Response, Status};

use self::status::status as refused;
pub(super) use self::write::{facts, threshold_facts};
use super::{
    agreements::read::LONGEST_TEXT,
    status::{DOMAIN, read as readable},
};
use crate::{
    app::{App, key_accounts::Change},
    domain::key_account::Command,
};

type Answer<T> = Result<Response<T>, Status>;

/// KeyAccountService over the use cases.
#[derive(Clone)]
pub struct KeyAccounts {
    app: App,
}

/// What every verb names.
struct Target<'a> {
    name: &'a str,
    etag: &'a str,
    request_id: &'a str,
}

impl KeyAccounts {
    /// Serves these use cases.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    async fn change<M: prost::Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
        target: Target<'_>,
        change: impl FnOnce(&mut Violations) -> Option<Change>,
    ) -> Answer<pb::KeyAccount> {
        let mut violations = Violations::default();
        let call = call(request, method, target.request_id, &mut violations)?;
        let id = violations.check("name", field::name(target.name));
        let etag = violations.check("etag", field::etag(target.etag));
        let change = change(&mut violations);
        let read = || Some((call?, id?, etag?, change?));
        let (call, id, etag, change) = violations.into_result(DOMAIN, read())?;
        let view = self.app.change_key_account((&call, method), id, etag, change).await.map_err(refused)?;
        Ok(Response::new(write::view(&view)))
    }

    async fn decide<M: prost::Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
        target: Target<'_>,
        reject_reason: Option<&str>,
    ) -> Answer<pb::MemberChange> {
        let mut violations = Violations::default();
        let call = call(request, method, target.request_id, &mut violations)?;
        let id = violations.check("name", field::name(target.name));
        let etag = violations.check("etag", field::etag(target.etag));
        let reason = reject_reason.map(|reason| field::text(reason, LONGEST_TEXT)).transpose();
        let reason = violations.check("reason", reason);
        let read = || Some((call?, id?, etag?, reason?));
        let (call, id, etag, reason) = violations.into_result(DOMAIN, read())?;
        let change = self.app.decide_member_change(&call, id, etag, reason).await.map_err(refused)?;
        Ok(Response::new(write::change(&change)))
    }
}

fn reason(text: &str, violations: &mut Violations) -> Option<String> {
    violations.check("reason", field::text(text, LONGEST_TEXT))
}

#[tonic::async_trait]
impl KeyAccountService for KeyAccounts {
    async fn define_key_account_threshold(
        &self,
        request: Request<pb::DefineKeyAccountThresholdRequest>,
    ) -> Answer<pb::KeyAccountThreshold> {
        let mut violations = Violations::default();
        let call =
            call(&request, "DefineKeyAccountThreshold", &request.get_ref().request_id, &mut violations)?;
        let threshold = read::threshold(request.get_ref(), &mut violations);
        let etag = violations.check("etag", field::etag(&request.get_ref().etag));
        let read = || Some((call?, threshold?, etag?));
        let (call, threshold, etag) = violations.into_result(DOMAIN, read())?;
        let stored = self.app.define_key_account_threshold(&call, threshold, etag).await.map_err(refused)?;
        Ok(Response::new(write::threshold(&stored)))
    }

    async fn get_key_account_threshold(
        &self,
        request: Request<pb::GetKeyAccountThresholdRequest>,
    ) -> Answer<pb::KeyAccountThreshold> {
        let mut violations = Violations::default();
        let code = violations.check("name", read::threshold_name(&request.get_ref().name));
        let code = readable(violations, code)?;
        let stored = self.app.get_key_account_threshold(&code).await.map_err(refused)?;
        Ok(Response::new(write::threshold(&stored)))
    }

    async fn list_key_account_thresholds(
        &self,
        request: Request<pb::ListKeyAccountThresholdsRequest>,
    ) -> Answer<pb::ListKeyAccountThresholdsResponse> {
        let pb::ListKeyAccountThresholdsRequest { page_size, page_token } = request.into_inner();
        let mut violations = Violations::default();
        let bound_to = pb::ListKeyAccountThresholdsRequest::default();
        let page = PageRequest::<String>::read(page_size, &page_token, &bound_to, &mut violations);
        let page = readable(violations, page)?;
        let found = self.app.list_key_account_thresholds(page.after.as_deref(), page.limit + 1).await;
        let mut found = found.map_err(refused)?;
        let next_page_token = page.cut(&mut found, |stored| stored.threshold.code.clone());
        let thresholds = found.iter().map(write::threshold).collect();
        Ok(Response::new(pb::ListKeyAccountThresholdsResponse { thresholds, next_page_token }))
    }

    async fn open_key_account(&self, request: Request<pb::OpenKeyAccountRequest>) -> Answer<pb::KeyAccount> {
        let mut violations = Violations::default();
        let call = call(&request, "OpenKeyAccount", &request.get_ref().request_id, &mut violations)?;
        let title = field::text(&request.get_ref().title, read::LONGEST_NAME);
        let title = violations.check("title", title);
        let members = read::members(&request.get_ref().members, &mut violations);
        let read = || Some((call?, title?, members?));
        let (call, title, members) = violations.into_result(DOMAIN, read())?;
        let account = self.app.open_key_account(&call, title, members).await.map_err(refused)?;
        Ok(Response::new(write::without_prices(&account)))
    }

    async fn get_key_account(&self, request: Request<pb::GetKeyAccountRequest>) -> Answer<pb::KeyAccount> {
        let mut violations = Violations::default();
        let call = call(&request, "GetKeyAccount", "", &mut violations)?;
        let id = violations.check("name", field::name(&request.get_ref().name));
        let (call, id) = readable(violations, call.zip(id))?;
        let view = self.app.get_key_account(&call, id).await.map_err(refused)?;
        Ok(Response::new(write::view(&view)))
    }

    async fn list_key_accounts(
        &self,
        request: Request<pb::ListKeyAccountsRequest>,
    ) -> Answer<pb::ListKeyAccountsResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filter = read::filter(&request, &mut violations);
        let bound_to =
            pb::ListKeyAccountsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let (size, token) = (request.page_size, &request.page_token);
        let page = PageRequest::<KeyAccountId>::read(size, token, &bound_to, &mut violations);
        let (filter, page) = readable(violations, filter.zip(page))?;
        let found = self.app.list_key_accounts(filter, page.after, page.limit + 1).await;
        let mut found = found.map_err(refused)?;
        let next_page_token = page.cut(&mut found, |found| found.head.key_account_id);
        let key_accounts = found.iter().map(write::without_prices).collect();
        Ok(Response::new(pb::ListKeyAccountsResponse { key_accounts, next_page_token }))
    }

    async fn add_key_account_member(
        &self,
        request: Request<pb::AddKeyAccountMemberRequest>,
    ) -> Answer<pb::KeyAccount> {
        let pb::AddKeyAccountMemberRequest { name, member, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        let change = |violations: &mut Violations| {
            let member = violations.required("member", member.as_ref())?;
            let (customer, display_name) = read::member("member", member, violations)?;
            Some(Change::Do(Command::Add { customer, display_name }))
        };
        self.change(&request, "AddKeyAccountMember", target, change).await
    }

    async fn remove_key_account_member(
        &self,
        request: Request<pb::RemoveKeyAccountMemberRequest>,
    ) -> Answer<pb::KeyAccount> {
        let pb::RemoveKeyAccountMemberRequest { name, member, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        let change = |violations: &mut Violations| {
            let member = violations.check("member", field::name(member))?;
            Some(Change::Do(Command::Remove { member }))
        };
        self.change(&request, "RemoveKeyAccountMember", target, change).await
    }

    async fn write_key_account_plan(
        &self,
        request: Request<pb::WriteKeyAccountPlanRequest>,
    ) -> Answer<pb::KeyAccount> {
        let pb::WriteKeyAccountPlanRequest { name, terms, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        let change = |violations: &mut Violations| {
            Some(Change::Do(Command::WritePlan(read::terms(terms.as_ref(), violations)?)))
        };
        self.change(&request, "WriteKeyAccountPlan", target, change).await
    }

    async fn submit_key_account_plan(
        &self,
        request: Request<pb::SubmitKeyAccountPlanRequest>,
    ) -> Answer<pb::KeyAccount> {
        let pb::SubmitKeyAccountPlanRequest { name, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        let change = |_: &mut Violations| Some(Change::Do(Command::SubmitPlan));
        self.change(&request, "SubmitKeyAccountPlan", target, change).await
    }

    async fn approve_key_account_plan(
        &self,
        request: Request<pb::ApproveKeyAccountPlanRequest>,
    ) -> Answer<pb::KeyAccount> {
        let pb::ApproveKeyAccountPlanRequest { name, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        let change = |_: &mut Violations| Some(Change::Do(Command::ApprovePlan));
        self.change(&request, "ApproveKeyAccountPlan", target, change).await
    }

    async fn return_key_account_plan(
        &self,
        request: Request<pb::ReturnKeyAccountPlanRequest>,
    ) -> Answer<pb::KeyAccount> {
        let pb::ReturnKeyAccountPlanRequest { name, reason, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        let change = |violations: &mut Violations| {
            let reason = self::reason(reason, violations)?;
            Some(Change::Do(Command::ReturnPlan { reason }))
        };
        self.change(&request, "ReturnKeyAccountPlan", target, change).await
    }

    async fn link_key_account_contract(
        &self,
        request: Request<pb::LinkKeyAccountContractRequest>,
    ) -> Answer<pb::KeyAccount> {
        let pb::LinkKeyAccountContractRequest { name, agreement, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        let change = |violations: &mut Violations| {
            violations.check("agreement", field::name(agreement)).map(Change::LinkContract)
        };
        self.change(&request, "LinkKeyAccountContract", target, change).await
    }

    async fn dismiss_key_account(
        &self,
        request: Request<pb::DismissKeyAccountRequest>,
    ) -> Answer<pb::KeyAccount> {
        let pb::DismissKeyAccountRequest { name, reason, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        let change = |violations: &mut Violations| {
            let reason = self::reason(reason, violations)?;
            Some(Change::Do(Command::Dismiss { reason }))
        };
        self.change(&request, "DismissKeyAccount", target, change).await
    }

    async fn close_key_account(
        &self,
        request: Request<pb::CloseKeyAccountRequest>,
    ) -> Answer<pb::KeyAccount> {
        let pb::CloseKeyAccountRequest { name, reason, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        let change = |violations: &mut Violations| {
            let reason = self::reason(reason, violations)?;
            Some(Change::Do(Command::Close { reason }))
        };
        self.change(&request, "CloseKeyAccount", target, change).await
    }

    async fn request_member_change(
        &self,
        request: Request<pb::RequestMemberChangeRequest>,
    ) -> Answer<pb::MemberChange> {
        let mut violations = Violations::default();
        let call = call(&request, "RequestMemberChange", &request.get_ref().request_id, &mut violations)?;
        let id = violations.check("key_account", field::name(&request.get_ref().key_account));
        let change = read::change(request.get_ref(), &mut violations);
        let read = || Some((call?, id?, change?));
        let (call, id, change) = violations.into_result(DOMAIN, read())?;
        let change = self.app.request_member_change(&call, id, change).await.map_err(refused)?;
        Ok(Response::new(write::change(&change)))
    }

    async fn get_member_change(
        &self,
        request: Request<pb::GetMemberChangeRequest>,
    ) -> Answer<pb::MemberChange> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = readable(violations, id)?;
        let change = self.app.get_member_change(id).await.map_err(refused)?;
        Ok(Response::new(write::change(&change)))
    }

    async fn list_member_changes(
        &self,
        request: Request<pb::ListMemberChangesRequest>,
    ) -> Answer<pb::ListMemberChangesResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filter = read::change_filter(&request, &mut violations);
        let bound_to =
            pb::ListMemberChangesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let (size, token) = (request.page_size, &request.page_token);
        let page = PageRequest::<MemberChangeId>::read(size, token, &bound_to, &mut violations);
        let (filter, page) = readable(violations, filter.zip(page))?;
        let found = self.app.list_member_changes(filter, page.after, page.limit + 1).await;
        let mut found = found.map_err(refused)?;
        let next_page_token = page.cut(&mut found, |found| found.member_change_id);
        let member_changes = found.iter().map(write::change).collect();
        Ok(Response::new(pb::ListMemberChangesResponse { member_changes, next_page_token }))
    }

    async fn approve_member_change(
        &self,
        request: Request<pb::ApproveMemberChangeRequest>,
    ) -> Answer<pb::MemberChange> {
        let pb::ApproveMemberChangeRequest { name, etag, request_id } = request.get_ref();
        self.decide(&request, "ApproveMemberChange", Target { name, etag, request_id }, None).await
    }

    async fn reject_member_change(
        &self,
        request: Request<pb::RejectMemberChangeRequest>,
    ) -> Answer<pb::MemberChange> {
        let pb::RejectMemberChangeRequest { name, reason, etag, request_id } = request.get_ref();
        self.decide(&request, "RejectMemberChange", Target { name, etag, request_id }, Some(reason)).await
    }

    async fn list_price_sights(
        &self,
        request: Request<pb::ListPriceSightsRequest>,
    ) -> Answer<pb::ListPriceSightsResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filter = read::sight_filter(&request, &mut violations);
        let bound_to =
            pb::ListPriceSightsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let (size, token) = (request.page_size, &request.page_token);
        let page = PageRequest::<PriceSightId>::read(size, token, &bound_to, &mut violations);
        let (filter, page) = readable(violations, filter.zip(page))?;
        let found = self.app.list_price_sights(&filter, page.after, page.limit + 1).await;
        let mut found = found.map_err(refused)?;
        let next_page_token = page.cut(&mut found, |found| found.price_sight_id);
        let price_sights = found.iter().map(write::sight).collect();
        Ok(Response::new(pb::ListPriceSightsResponse { price_sights, next_page_token }))
    }
}
