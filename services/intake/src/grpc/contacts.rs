//! Contacts and registers on the wire.

use kexiang_core::{Actor, SiteId, phone::DEFAULT_REGION};
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{PageRequest, Refusal, Violations, call, field};
use tonic::{Request, Status};

use super::{
    DOMAIN, convert,
    fill::fill,
    read::{self, Desk},
    status::status,
};
use crate::{
    app::{
        Accepted, App,
        acceptance::{Acceptance, Matter},
    },
    domain::NewContact,
};

/// Contacts in one BatchGetContacts.
const LARGEST_BATCH: usize = 500;

pub(super) async fn register_contact(
    app: &App,
    request: Request<pb::RegisterContactRequest>,
) -> Result<pb::Contact, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "RegisterContact", &request.get_ref().request_id, &mut violations)?;
    let mut request = request.into_inner();
    fill(app, request.contact.as_mut(), None).await?;
    let joins = violations.check("case", field::optional(&request.case, field::name));
    let contact = read_contact(app, request.contact, &mut violations).await?;
    let ((call, contact), joins) = violations.into_result(DOMAIN, call.zip(contact).zip(joins))?;
    let matter = joins.map_or(Matter::Nothing, Matter::Joins);
    match app.accept(Acceptance { call, contact, matter }).await.map_err(status)? {
        Accepted::Contact(contact) => Ok(convert::contact(contact)),
        Accepted::Case(_) | Accepted::AlreadyPresent(_) => Err(Refusal::defect(DOMAIN).into()),
    }
}

pub(super) async fn get_contact(
    app: &App,
    request: Request<pb::GetContactRequest>,
) -> Result<pb::Contact, Status> {
    let mut violations = Violations::default();
    let id = violations.check("name", field::name(&request.get_ref().name));
    let id = violations.into_result(DOMAIN, id)?;
    let contact = app.get_contact(id).await.map_err(status)?;
    Ok(convert::contact(contact))
}

pub(super) async fn list_contacts(
    app: &App,
    request: Request<pb::ListContactsRequest>,
) -> Result<pb::ListContactsResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let site = violations.check("site", field::slug_name(&request.site));
    let agent = violations.check("agent", field::optional(&request.agent, field::slug_name));
    let filter = pb::ListContactsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
    let ((site, agent), page) = violations.into_result(DOMAIN, site.zip(agent).zip(page))?;
    let agent = agent.map(Actor::Agent);
    let contacts = app.list_contacts(&site, agent.as_ref(), page.after, page.limit + 1).await;
    let mut contacts = contacts.map_err(status)?;
    let next_page_token = page.cut(&mut contacts, |contact| contact.register_number);
    let contacts = contacts.into_iter().map(convert::contact).collect();
    Ok(pb::ListContactsResponse { contacts, next_page_token })
}

pub(super) async fn batch_get_contacts(
    app: &App,
    request: Request<pb::BatchGetContactsRequest>,
) -> Result<pb::BatchGetContactsResponse, Status> {
    let names = request.into_inner().names;
    let mut violations = Violations::default();
    if names.len() > LARGEST_BATCH {
        violations.add("names", "TOO_MANY", format!("must have at most {LARGEST_BATCH}"));
    }
    let read = |(nr, name): (usize, &String)| violations.check(&format!("names[{nr}]"), field::name(name));
    let ids: Vec<Option<_>> = names.iter().enumerate().map(read).collect();
    let ids: Vec<_> = violations.into_result(DOMAIN, ids.into_iter().collect::<Option<_>>())?;
    let contacts = app.batch_get_contacts(&ids).await.map_err(status)?;
    let contacts = contacts.into_iter().map(convert::contact).collect();
    Ok(pb::BatchGetContactsResponse { contacts })
}

/// Reads a contact under the phone region of its site. A site that is well named and unknown is NOT_FOUND, whatever else is
/// wrong: without its region no phone can be judged.
pub(super) async fn read_contact(
    app: &App,
    wire: Option<pb::Contact>,
    violations: &mut Violations,
) -> Result<Option<NewContact>, Status> {
    let site = wire.as_ref().map(|contact| field::slug_name(&contact.site));
    let site: Option<SiteId> = site.and_then(|site| violations.check("contact.site", site));
    let now = app.clock().now();
    let Some(site) = site else {
        // Without a site the other fields are read all the same, to report all violations at once.
        if let Ok(nowhere) = SiteId::parse("nowhere") {
            read::contact(wire, &Desk { site: &nowhere, phone_region: DEFAULT_REGION, now }, violations);
        }
        return Ok(None);
    };
    let known = app.get_site(&site).await.map_err(status)?;
    Ok(read::contact(wire, &Desk { site: &site, phone_region: &known.phone_region, now }, violations))
}
