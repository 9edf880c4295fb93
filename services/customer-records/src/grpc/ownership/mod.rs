//! OwnershipService: what requests say is in [`read`], what answers and events say in [`write`].

pub(super) mod read;
pub(super) mod write;

use kexiang_core::{CustomerId, OwnershipDisputeId, OwnershipRuleId, Timestamp};
use kexiang_proto::customers_v1::{self as pb, ownership_service_server::OwnershipService};
use kexiang_rpc::{PageRequest, Violations, call, field, time};
use prost::{Message, Name};
use tonic::{Request, Response, Status};

use self::read::ownership_name;
use super::status::{
    ownership::{dispute_status, status},
    read as checked,
};
use crate::app::{
    App,
    ownership::{Which, verbs::OwnershipCommand},
};

type Answer<T> = Result<Response<T>, Status>;

/// OwnershipService over the use cases.
#[derive(Clone)]
pub struct Ownerships {
    app: App,
}

/// What every verb names.
struct Target<'a> {
    name: &'a str,
    etag: &'a str,
    request_id: &'a str,
}

impl Ownerships {
    /// Serves the use cases of `app`.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    async fn change<M: Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
        target: Target<'_>,
        command: impl FnOnce(&mut Violations, Option<CustomerId>) -> Option<OwnershipCommand>,
    ) -> Answer<pb::Ownership> {
        let mut violations = Violations::default();
        let call = call(request, method, target.request_id, &mut violations)?;
        let id = ownership_name("name", target.name, &mut violations);
        let etag = violations.check("etag", field::etag(target.etag));
        let command = command(&mut violations, id);
        let read = || Some((call?, id?, etag?, command?));
        let (call, id, etag, command) = checked(violations, read())?;

        let ownership = self.app.change_ownership(&call, id, etag, command).await.map_err(status)?;
        Ok(Response::new(write::ownership(&ownership)))
    }

    /// A page of ownerships with the token of the next one.
    async fn page<M: Message + Name>(
        &self,
        (size, token): (i32, &str),
        bound_to: &M,
        key: fn(&crate::domain::ownership::Ownership) -> Timestamp,
        which: impl FnOnce(&mut Violations) -> Option<Which>,
    ) -> Result<(Vec<pb::Ownership>, String), Status> {
        let mut violations = Violations::default();
        let which = which(&mut violations);
        let page = PageRequest::<(Timestamp, CustomerId)>::read(size, token, bound_to, &mut violations);
        let (which, page) = checked(violations, which.zip(page))?;

        let found = self.app.list_ownerships(&which, page.after, page.limit + 1).await;
        let mut found = found.map_err(status)?;
        let next_page_token = page.cut(&mut found, |ownership| (key(ownership), ownership.customer_id));
        Ok((found.iter().map(write::ownership).collect(), next_page_token))
    }
}

#[tonic::async_trait]
impl OwnershipService for Ownerships {
    async fn get_ownership(&self, request: Request<pb::GetOwnershipRequest>) -> Answer<pb::Ownership> {
        let mut violations = Violations::default();
        let id = ownership_name("name", &request.get_ref().name, &mut violations);
        let id = checked(violations, id)?;

        let ownership = self.app.get_ownership(id).await.map_err(status)?;
        Ok(Response::new(write::ownership(&ownership)))
    }

    async fn list_ownerships(
        &self,
        request: Request<pb::ListOwnershipsRequest>,
    ) -> Answer<pb::ListOwnershipsResponse> {
        let request = request.into_inner();
        let bound_to =
            pb::ListOwnershipsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let which = |violations: &mut Violations| {
            let agent = violations.check("agent", field::slug_name(&request.agent));
            let until = time::optional_timestamp(request.until_before_time.as_ref());
            let until = violations.check("until_before_time", until);
            Some(Which::OwnedBy(agent?, until?))
        };
        let asked = (request.page_size, request.page_token.as_str());
        let (ownerships, next_page_token) = self.page(asked, &bound_to, write::until, which).await?;
        Ok(Response::new(pb::ListOwnershipsResponse { ownerships, next_page_token }))
    }

    async fn list_pool(&self, request: Request<pb::ListPoolRequest>) -> Answer<pb::ListPoolResponse> {
        let request = request.into_inner();
        let bound_to = pb::ListPoolRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let which = |violations: &mut Violations| read::pool(&request, violations);
        let asked = (request.page_size, request.page_token.as_str());
        let (ownerships, next_page_token) = self.page(asked, &bound_to, write::since, which).await?;
        Ok(Response::new(pb::ListPoolResponse { ownerships, next_page_token }))
    }

    async fn list_leads(&self, request: Request<pb::ListLeadsRequest>) -> Answer<pb::ListLeadsResponse> {
        let request = request.into_inner();
        let bound_to = pb::ListLeadsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let which = |violations: &mut Violations| {
            let site = violations.check("site", field::optional(&request.site, field::slug_name))?;
            Some(Which::Leads(site))
        };
        let asked = (request.page_size, request.page_token.as_str());
        let (ownerships, next_page_token) = self.page(asked, &bound_to, write::since, which).await?;
        Ok(Response::new(pb::ListLeadsResponse { ownerships, next_page_token }))
    }

    async fn list_ownership_entries(
        &self,
        request: Request<pb::ListOwnershipEntriesRequest>,
    ) -> Answer<pb::ListOwnershipEntriesResponse> {
        let request = request.into_inner();
        let bound_to =
            pb::ListOwnershipEntriesRequest { parent: request.parent.clone(), ..Default::default() };
        let mut violations = Violations::default();
        let id = ownership_name("parent", &request.parent, &mut violations);
        let page =
            PageRequest::<i64>::read(request.page_size, &request.page_token, &bound_to, &mut violations);
        let (id, page) = checked(violations, id.zip(page))?;

        let entries = self.app.list_ownership_entries(id, page.after, page.limit + 1).await;
        let mut entries = entries.map_err(status)?;
        let next_page_token = page.cut(&mut entries, |kept| kept.entry_number);
        let entries = entries.iter().map(write::entry).collect();
        Ok(Response::new(pb::ListOwnershipEntriesResponse { entries, next_page_token }))
    }

    async fn claim_customer(&self, request: Request<pb::ClaimCustomerRequest>) -> Answer<pb::Ownership> {
        let pb::ClaimCustomerRequest { name, etag, request_id } = request.get_ref();
        let read = |_: &mut Violations, _| Some(OwnershipCommand::Claim);
        self.change(&request, "ClaimCustomer", Target { name, etag, request_id }, read).await
    }

    async fn release_ownership(
        &self,
        request: Request<pb::ReleaseOwnershipRequest>,
    ) -> Answer<pb::Ownership> {
        let pb::ReleaseOwnershipRequest { name, reason, etag, request_id } = request.get_ref();
        let read = |violations: &mut Violations, _| {
            Some(OwnershipCommand::Release(read::reason("reason", reason, violations)?))
        };
        self.change(&request, "ReleaseOwnership", Target { name, etag, request_id }, read).await
    }

    async fn transfer_ownership(
        &self,
        request: Request<pb::TransferOwnershipRequest>,
    ) -> Answer<pb::Ownership> {
        let pb::TransferOwnershipRequest { name, agent, reason, etag, request_id } = request.get_ref();
        let read = |violations: &mut Violations, _| {
            let agent = violations.check("agent", field::slug_name(agent));
            let reason = read::reason("reason", reason, violations);
            Some(OwnershipCommand::Transfer(agent?, reason?))
        };
        self.change(&request, "TransferOwnership", Target { name, etag, request_id }, read).await
    }

    async fn assign_lead(&self, request: Request<pb::AssignLeadRequest>) -> Answer<pb::Ownership> {
        let pb::AssignLeadRequest { name, agent, etag, request_id } = request.get_ref();
        let read = |violations: &mut Violations, _| {
            Some(OwnershipCommand::Assign(violations.check("agent", field::slug_name(agent))?))
        };
        self.change(&request, "AssignLead", Target { name, etag, request_id }, read).await
    }

    async fn record_referral(&self, request: Request<pb::RecordReferralRequest>) -> Answer<pb::Ownership> {
        let message = request.get_ref();
        let pb::RecordReferralRequest { name, etag, request_id, .. } = message;
        let read = |violations: &mut Violations, id| read::referral(message, id, violations);
        self.change(&request, "RecordReferral", Target { name, etag, request_id }, read).await
    }

    async fn set_ownership_terms(
        &self,
        request: Request<pb::SetOwnershipTermsRequest>,
    ) -> Answer<pb::Ownership> {
        let pb::SetOwnershipTermsRequest { name, tier, protected_until_time, etag, request_id } =
            request.get_ref();
        let read = |violations: &mut Violations, _| {
            let tier = violations.check("tier", read::tier(tier));
            let until = time::optional_timestamp(protected_until_time.as_ref());
            let until = violations.check("protected_until_time", until);
            Some(OwnershipCommand::SetTerms(tier?.unwrap_or_default(), until?))
        };
        self.change(&request, "SetOwnershipTerms", Target { name, etag, request_id }, read).await
    }

    async fn set_ownership_rule(
        &self,
        request: Request<pb::SetOwnershipRuleRequest>,
    ) -> Answer<pb::OwnershipRule> {
        let mut violations = Violations::default();
        let call = call(&request, "SetOwnershipRule", &request.get_ref().request_id, &mut violations)?;
        let rule = violations.required("rule", request.get_ref().rule.as_ref());
        let rule = rule.and_then(|rule| read::rule(rule, &mut violations));
        let (call, (selector, terms, etag)) = checked(violations, call.zip(rule))?;

        let rule = self.app.set_ownership_rule(&call, selector, terms, etag).await.map_err(status)?;
        Ok(Response::new(write::rule(&rule)))
    }

    async fn delete_ownership_rule(
        &self,
        request: Request<pb::DeleteOwnershipRuleRequest>,
    ) -> Answer<pb::OwnershipRule> {
        let pb::DeleteOwnershipRuleRequest { name, etag, request_id } = request.get_ref();
        let mut violations = Violations::default();
        let call = call(&request, "DeleteOwnershipRule", request_id, &mut violations)?;
        let id = violations.check("name", field::name(name));
        let etag = violations.check("etag", field::etag(etag));
        let read = || Some((call?, id?, etag?));
        let (call, id, etag) = checked(violations, read())?;

        let rule = self.app.delete_ownership_rule(&call, id, etag).await.map_err(status)?;
        Ok(Response::new(write::rule(&rule)))
    }

    async fn list_ownership_rules(
        &self,
        request: Request<pb::ListOwnershipRulesRequest>,
    ) -> Answer<pb::ListOwnershipRulesResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let bound_to = pb::ListOwnershipRulesRequest::default();
        let page = PageRequest::<OwnershipRuleId>::read(
            request.page_size,
            &request.page_token,
            &bound_to,
            &mut violations,
        );
        let page = checked(violations, page)?;

        let mut rules = self.app.list_ownership_rules(page.after, page.limit + 1).await.map_err(status)?;
        let next_page_token = page.cut(&mut rules, |rule| rule.rule_id);
        let rules = rules.iter().map(write::rule).collect();
        Ok(Response::new(pb::ListOwnershipRulesResponse { rules, next_page_token }))
    }

    async fn open_dispute(&self, request: Request<pb::OpenDisputeRequest>) -> Answer<pb::OwnershipDispute> {
        let mut violations = Violations::default();
        let call = call(&request, "OpenDispute", &request.get_ref().request_id, &mut violations)?;
        let dispute = violations.required("dispute", request.get_ref().dispute.as_ref());
        let dispute = dispute.and_then(|dispute| read::dispute(dispute, &mut violations));
        let (call, (customer, claimant, grounds)) = checked(violations, call.zip(dispute))?;

        let dispute = self.app.open_dispute(&call, customer, claimant, grounds).await;
        Ok(Response::new(write::dispute(&dispute.map_err(dispute_status)?)))
    }

    async fn get_dispute(&self, request: Request<pb::GetDisputeRequest>) -> Answer<pb::OwnershipDispute> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = checked(violations, id)?;

        let dispute = self.app.get_dispute(id).await.map_err(dispute_status)?;
        Ok(Response::new(write::dispute(&dispute)))
    }

    async fn list_disputes(
        &self,
        request: Request<pb::ListDisputesRequest>,
    ) -> Answer<pb::ListDisputesResponse> {
        let request = request.into_inner();
        let bound_to = pb::ListDisputesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let mut violations = Violations::default();
        let customer = violations.check("customer", field::optional(&request.customer, field::name));
        let state = violations.check("state", read::dispute_state(request.state));
        let page = PageRequest::<OwnershipDisputeId>::read(
            request.page_size,
            &request.page_token,
            &bound_to,
            &mut violations,
        );
        let read = || Some((customer?, state?, page?));
        let (customer, state, page) = checked(violations, read())?;

        let disputes = self.app.list_disputes(customer, state, page.after, page.limit + 1).await;
        let mut disputes = disputes.map_err(dispute_status)?;
        let next_page_token = page.cut(&mut disputes, |dispute| dispute.dispute_id);
        let without_ruling = |dispute| pb::OwnershipDispute { ruling: None, ..write::dispute(dispute) };
        let disputes = disputes.iter().map(without_ruling).collect();
        Ok(Response::new(pb::ListDisputesResponse { disputes, next_page_token }))
    }

    async fn confirm_ruling(
        &self,
        request: Request<pb::ConfirmRulingRequest>,
    ) -> Answer<pb::OwnershipDispute> {
        let pb::ConfirmRulingRequest { name, owner, etag, request_id } = request.get_ref();
        let mut violations = Violations::default();
        let call = call(&request, "ConfirmRuling", request_id, &mut violations)?;
        let id = violations.check("name", field::name(name));
        let owner = violations.check("owner", field::optional(owner, field::slug_name));
        let etag = violations.check("etag", field::etag(etag));
        let read = || Some((call?, id?, owner?, etag?));
        let (call, id, owner, etag) = checked(violations, read())?;

        let dispute = self.app.confirm_ruling(&call, id, owner, etag).await.map_err(dispute_status)?;
        Ok(Response::new(write::dispute(&dispute)))
    }

    async fn withdraw_dispute(
        &self,
        request: Request<pb::WithdrawDisputeRequest>,
    ) -> Answer<pb::OwnershipDispute> {
        let pb::WithdrawDisputeRequest { name, etag, request_id } = request.get_ref();
        let mut violations = Violations::default();
        let call = call(&request, "WithdrawDispute", request_id, &mut violations)?;
        let id = violations.check("name", field::name(name));
        let etag = violations.check("etag", field::etag(etag));
        let read = || Some((call?, id?, etag?));
        let (call, id, etag) = checked(violations, read())?;

        let dispute = self.app.withdraw_dispute(&call, id, etag).await.map_err(dispute_status)?;
        Ok(Response::new(write::dispute(&dispute)))
    }
}
