//! RelationshipService: handlers and what they read and write.

use kexiang_core::{CustomerId, RelationshipId, SameCustomerRulingId};
use kexiang_proto::customers_v1::{self as pb, relationship_service_server::RelationshipService};
use kexiang_rpc::{PageRequest, Violations, field, time};
use tonic::{Request, Response, Status};

use super::{
    convert,
    status::{read, relationship::status},
};
use crate::{
    app::App,
    domain::relationship::{Decision, Pair, Relationship, RelationshipFacts, RelationshipKind, Ruling},
};

type Answer<T> = Result<Response<T>, Status>;

/// Characters of a reason.
const LONGEST_REASON: usize = 1_000;

/// RelationshipService over the use cases.
#[derive(Clone)]
pub struct Relationships {
    app: App,
}

impl Relationships {
    /// Serves the use cases of `app`.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl RelationshipService for Relationships {
    async fn add_relationship(
        &self,
        request: Request<pb::AddRelationshipRequest>,
    ) -> Answer<pb::Relationship> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "AddRelationship", request_id, &mut violations)?;
        let wire = violations.required("relationship", request.get_ref().relationship.as_ref());
        let new = wire.and_then(|wire| {
            let two = [&wire.customer, &wire.related_customer];
            let pair = pair(two, ["relationship.customer", "relationship.related_customer"], &mut violations);
            let kind = violations.check("relationship.kind", kind(wire.kind));
            let (pair, (kind, reversed)) = pair.zip(kind)?;
            Some((if reversed { Pair(pair.1, pair.0) } else { pair }, kind))
        });
        let (call, (pair, kind)) = read(violations, call.zip(new))?;

        let relationship = self.app.add_relationship(&call, pair, kind).await.map_err(status)?;
        Ok(Response::new(relationship_to_wire(&relationship)))
    }

    async fn end_relationship(
        &self,
        request: Request<pb::EndRelationshipRequest>,
    ) -> Answer<pb::Relationship> {
        let pb::EndRelationshipRequest { name, etag, request_id } = request.get_ref();
        let mut violations = Violations::default();
        let call = kexiang_rpc::call(&request, "EndRelationship", request_id, &mut violations)?;
        let id = violations.check("name", field::name(name));
        let etag = violations.check("etag", field::etag(etag));
        let (call, (id, etag)) = read(violations, call.zip(id.zip(etag)))?;

        let relationship = self.app.end_relationship(&call, id, etag).await.map_err(status)?;
        Ok(Response::new(relationship_to_wire(&relationship)))
    }

    async fn list_relationships(
        &self,
        request: Request<pb::ListRelationshipsRequest>,
    ) -> Answer<pb::ListRelationshipsResponse> {
        let request = request.into_inner();
        let filter =
            pb::ListRelationshipsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let mut violations = Violations::default();
        let parent = convert::customer_name("parent", &request.parent, &mut violations);
        let page = PageRequest::<RelationshipId>::read(
            request.page_size,
            &request.page_token,
            &filter,
            &mut violations,
        );
        let (parent, page) = read(violations, parent.zip(page))?;

        let listed =
            self.app.list_relationships(parent, request.show_ended, page.after, page.limit + 1).await;
        let mut listed = listed.map_err(status)?;
        let next_page_token = page.cut(&mut listed, |relationship| relationship.id);
        let relationships = listed.iter().map(relationship_to_wire).collect();
        Ok(Response::new(pb::ListRelationshipsResponse { relationships, next_page_token }))
    }

    async fn make_same_customer_ruling(
        &self,
        request: Request<pb::MakeSameCustomerRulingRequest>,
    ) -> Answer<pb::SameCustomerRuling> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "MakeSameCustomerRuling", request_id, &mut violations)?;
        let wire =
            violations.required("same_customer_ruling", request.get_ref().same_customer_ruling.as_ref());
        let new = wire.and_then(|wire| {
            let two = [&wire.customer, &wire.other_customer];
            let paths = ["same_customer_ruling.customer", "same_customer_ruling.other_customer"];
            let pair = pair(two, paths, &mut violations);
            let decision = field::word::<pb::SameCustomerDecision, Decision>(
                wire.decision,
                "SAME_CUSTOMER_DECISION_",
                pb::SameCustomerDecision::as_str_name,
            );
            let decision = violations.check("same_customer_ruling.decision", decision);
            let reason = field::text(&wire.reason, LONGEST_REASON);
            let reason = violations.check("same_customer_ruling.reason", reason);
            Some((pair?, decision?, reason?))
        });
        let (call, (pair, decision, reason)) = read(violations, call.zip(new))?;

        let made = self.app.make_same_customer_ruling(&call, pair, decision, reason).await;
        Ok(Response::new(ruling_to_wire(&made.map_err(status)?)))
    }

    async fn withdraw_same_customer_ruling(
        &self,
        request: Request<pb::WithdrawSameCustomerRulingRequest>,
    ) -> Answer<pb::SameCustomerRuling> {
        let pb::WithdrawSameCustomerRulingRequest { name, etag, request_id } = request.get_ref();
        let mut violations = Violations::default();
        let call = kexiang_rpc::call(&request, "WithdrawSameCustomerRuling", request_id, &mut violations)?;
        let id = violations.check("name", field::name(name));
        let etag = violations.check("etag", field::etag(etag));
        let (call, (id, etag)) = read(violations, call.zip(id.zip(etag)))?;

        let withdrawn = self.app.withdraw_same_customer_ruling(&call, id, etag).await;
        Ok(Response::new(ruling_to_wire(&withdrawn.map_err(status)?)))
    }

    async fn list_same_customer_rulings(
        &self,
        request: Request<pb::ListSameCustomerRulingsRequest>,
    ) -> Answer<pb::ListSameCustomerRulingsResponse> {
        let request = request.into_inner();
        let filter =
            pb::ListSameCustomerRulingsRequest { parent: request.parent.clone(), ..Default::default() };
        let mut violations = Violations::default();
        let parent = convert::customer_name("parent", &request.parent, &mut violations);
        let page = PageRequest::<SameCustomerRulingId>::read(
            request.page_size,
            &request.page_token,
            &filter,
            &mut violations,
        );
        let (parent, page) = read(violations, parent.zip(page))?;

        let listed = self.app.list_same_customer_rulings(parent, page.after, page.limit + 1).await;
        let mut listed = listed.map_err(status)?;
        let next_page_token = page.cut(&mut listed, |ruling| ruling.id);
        let same_customer_rulings = listed.iter().map(ruling_to_wire).collect();
        Ok(Response::new(pb::ListSameCustomerRulingsResponse { same_customer_rulings, next_page_token }))
    }

    async fn get_same_customer(
        &self,
        request: Request<pb::GetSameCustomerRequest>,
    ) -> Answer<pb::SameCustomer> {
        let mut violations = Violations::default();
        let id = convert::customer_name("customer", &request.get_ref().customer, &mut violations);
        let id = read(violations, id)?;

        let members = self.app.get_same_customer(id).await.map_err(status)?;
        Ok(Response::new(same_customer_to_wire(&members)))
    }
}

/// Reads two different customers.
fn pair(names: [&String; 2], paths: [&str; 2], violations: &mut Violations) -> Option<Pair> {
    let one = convert::customer_name(paths[0], names[0], violations);
    let other = convert::customer_name(paths[1], names[1], violations);
    let (one, other) = one.zip(other)?;
    if one == other {
        violations.add(paths[1], "SAME_CUSTOMER", format!("must be another customer than {}", paths[0]));
        return None;
    }
    Some(Pair(one, other))
}

/// Reads a kind, and whether the two change places: a child is the other side of a parent.
fn kind(number: i32) -> Result<(RelationshipKind, bool), field::InvalidEnum> {
    if number == i32::from(pb::RelationshipKind::Child) {
        return Ok((RelationshipKind::Parent, true));
    }
    let word = field::word::<pb::RelationshipKind, RelationshipKind>(
        number,
        "RELATIONSHIP_KIND_",
        pb::RelationshipKind::as_str_name,
    );
    Ok((word?, false))
}

const fn kind_to_wire(kind: RelationshipKind) -> pb::RelationshipKind {
    match kind {
        RelationshipKind::Spouse => pb::RelationshipKind::Spouse,
        RelationshipKind::Parent => pb::RelationshipKind::Parent,
        RelationshipKind::Shareholder => pb::RelationshipKind::Shareholder,
        RelationshipKind::OtherRelative => pb::RelationshipKind::OtherRelative,
        RelationshipKind::Friend => pb::RelationshipKind::Friend,
        RelationshipKind::Employee => pb::RelationshipKind::Employee,
        RelationshipKind::Member => pb::RelationshipKind::Member,
    }
}

const fn decision_to_wire(decision: Decision) -> pb::SameCustomerDecision {
    match decision {
        Decision::Join => pb::SameCustomerDecision::Join,
        Decision::KeepApart => pb::SameCustomerDecision::KeepApart,
    }
}

/// Writes a relationship.
pub fn relationship_to_wire(relationship: &Relationship) -> pb::Relationship {
    let end = relationship.end.as_ref();
    pb::Relationship {
        name: relationship.id.name(),
        customer: relationship.customer.name(),
        kind: kind_to_wire(relationship.kind).into(),
        related_customer: relationship.related.name(),
        create_time: Some(time::to_wire(relationship.created_at)),
        creator: relationship.created_by.to_string(),
        end_time: end.map(|end| time::to_wire(end.at)),
        ender: end.map(|end| end.by.to_string()).unwrap_or_default(),
        etag: relationship.version.to_string(),
    }
}

fn ruling_to_wire(ruling: &Ruling) -> pb::SameCustomerRuling {
    let end = ruling.end.as_ref();
    pb::SameCustomerRuling {
        name: ruling.id.name(),
        customer: ruling.customer.name(),
        other_customer: ruling.other.name(),
        decision: decision_to_wire(ruling.decision).into(),
        reason: ruling.reason.clone(),
        create_time: Some(time::to_wire(ruling.created_at)),
        creator: ruling.created_by.to_string(),
        end_time: end.map(|end| time::to_wire(end.at)),
        ender: end.map(|end| end.by.to_string()).unwrap_or_default(),
        etag: ruling.version.to_string(),
    }
}

/// Writes who is one customer, the representative first.
pub fn same_customer_to_wire(members: &[CustomerId]) -> pb::SameCustomer {
    pb::SameCustomer {
        representative: members.first().map(|id| id.name()).unwrap_or_default(),
        customers: members.iter().map(|id| id.name()).collect(),
    }
}

/// Writes the facts of an event.
pub fn facts_to_wire(facts: &RelationshipFacts) -> pb::RelationshipFacts {
    pb::RelationshipFacts {
        customer: facts.customer.name(),
        related_customer: facts.related.name(),
        kind: facts.kind.map(kind_to_wire).unwrap_or_default().into(),
        decision: facts.decision.map(decision_to_wire).unwrap_or_default().into(),
        representative: facts.representative.name(),
        related_representative: facts.related_representative.name(),
    }
}
