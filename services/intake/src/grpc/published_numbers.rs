//! Published numbers on the wire.

use kexiang_core::{Channel, PublishedNumberId, SiteId, Timestamp};
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{PageRequest, Violations, call, field};
use tonic::{Request, Status};

use super::{DOMAIN, call_convert, call_read::call_channel, status::status};
use crate::{
    app::App,
    domain::{PublishedNumber, published_number::NumberChange},
};

const MASK: &str = "update_mask";
const OUTPUT_ONLY: [&str; 6] = ["name", "number", "create_time", "update_time", "delete_time", "etag"];

pub(super) async fn create(
    app: &App,
    request: Request<pb::CreatePublishedNumberRequest>,
) -> Result<pb::PublishedNumber, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "CreatePublishedNumber", &request.get_ref().request_id, &mut violations)?;
    let wire = violations.required("published_number", request.into_inner().published_number);
    let number = wire.and_then(|wire| read(&wire, app.clock().now(), &mut violations));
    let (call, number) = violations.into_result(DOMAIN, call.zip(number))?;
    let number = app.create_published_number(&call, number).await.map_err(status)?;
    Ok(call_convert::published_number(number))
}

pub(super) async fn get(
    app: &App,
    request: Request<pb::GetPublishedNumberRequest>,
) -> Result<pb::PublishedNumber, Status> {
    let mut violations = Violations::default();
    let id = violations.check("name", field::name(&request.get_ref().name));
    let id = violations.into_result(DOMAIN, id)?;
    let number = app.get_published_number(id).await.map_err(status)?;
    Ok(call_convert::published_number(number))
}

pub(super) async fn list(
    app: &App,
    request: Request<pb::ListPublishedNumbersRequest>,
) -> Result<pb::ListPublishedNumbersResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let site = violations.check("site", field::optional::<SiteId, _>(&request.site, field::slug_name));
    let bound_to = pb::ListPublishedNumbersRequest { site: request.site.clone(), ..Default::default() };
    let page = PageRequest::<PublishedNumberId>::read(
        request.page_size,
        &request.page_token,
        &bound_to,
        &mut violations,
    );
    let (site, page) = violations.into_result(DOMAIN, site.zip(page))?;
    let numbers = app.list_published_numbers(site.as_ref(), page.after, page.limit + 1).await;
    let mut numbers = numbers.map_err(status)?;
    let next_page_token = page.cut(&mut numbers, |number| number.id);
    let published_numbers = numbers.into_iter().map(call_convert::published_number).collect();
    Ok(pb::ListPublishedNumbersResponse { published_numbers, next_page_token })
}

pub(super) async fn update(
    app: &App,
    request: Request<pb::UpdatePublishedNumberRequest>,
) -> Result<pb::PublishedNumber, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "UpdatePublishedNumber", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let wire = violations.required("published_number", request.published_number);
    let update = wire.and_then(|wire| {
        let id = violations.check("published_number.name", field::name(&wire.name));
        let etag = violations.check("published_number.etag", field::etag(&wire.etag));
        let paths = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
        let change = change(&wire, &paths, &mut violations);
        Some((id?, etag?, change?))
    });
    let (call, (id, etag, change)) = violations.into_result(DOMAIN, call.zip(update))?;
    let number = app.update_published_number(&call, id, etag, change).await.map_err(status)?;
    Ok(call_convert::published_number(number))
}

pub(super) async fn delete(
    app: &App,
    request: Request<pb::DeletePublishedNumberRequest>,
) -> Result<pb::PublishedNumber, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "DeletePublishedNumber", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let id = violations.check("name", field::name(&request.name));
    let etag = violations.check("etag", field::etag(&request.etag));
    let ((call, id), etag) = violations.into_result(DOMAIN, call.zip(id).zip(etag))?;
    let number = app.delete_published_number(&call, id, etag).await.map_err(status)?;
    Ok(call_convert::published_number(number))
}

fn read(wire: &pb::PublishedNumber, now: Timestamp, violations: &mut Violations) -> Option<PublishedNumber> {
    let number = violations.check("published_number.number", PublishedNumber::parse(&wire.number));
    let site = site(wire, violations);
    let language = language(wire, violations);
    let category = category(wire, violations);
    let display_name = display_name(wire, violations);
    let channel = channel(wire, violations);
    Some(PublishedNumber {
        id: PublishedNumberId::at(now),
        number: number?,
        site: site?,
        language: language?,
        default_category: category?,
        display_name: display_name?,
        channel: channel?,
        created_at: now,
        updated_at: now,
        deleted_at: None,
        version: 1,
    })
}

/// The fields of the mask, or all populated ones; outside of it nothing is even looked at.
fn change(wire: &pb::PublishedNumber, paths: &[String], violations: &mut Violations) -> Option<NumberChange> {
    const ALL: [&str; 5] = ["site", "language", "default_category", "display_name", "channel"];
    for path in paths {
        if path != "*" && !ALL.contains(&path.as_str()) && !OUTPUT_ONLY.contains(&path.as_str()) {
            violations.add(
                MASK,
                "UNKNOWN_PATH",
                format!("a published number has no field `{path}` to change"),
            );
        }
    }
    let chosen = |field: &str, populated: bool| {
        if paths.is_empty() { populated } else { paths.iter().any(|path| path == field || path == "*") }
    };
    // Outer `None`: refused; inner: not chosen.
    fn take<T>(chosen: bool, read: impl FnOnce() -> Option<T>) -> Option<Option<T>> {
        if chosen { read().map(Some) } else { Some(None) }
    }
    let site = take(chosen("site", !wire.site.is_empty()), || site(wire, violations));
    let language = take(chosen("language", !wire.language.is_empty()), || language(wire, violations));
    let has_category = !wire.default_category.is_empty();
    let default_category = take(chosen("default_category", has_category), || category(wire, violations));
    let has_name = !wire.display_name.is_empty();
    let display_name = take(chosen("display_name", has_name), || display_name(wire, violations));
    let channel = take(chosen("channel", wire.channel != 0), || channel(wire, violations));
    Some(NumberChange {
        site: site?,
        language: language?,
        default_category: default_category?,
        display_name: display_name?,
        channel: channel?,
    })
}

fn site(wire: &pb::PublishedNumber, violations: &mut Violations) -> Option<SiteId> {
    violations.check("published_number.site", field::slug_name(&wire.site))
}

fn language(wire: &pb::PublishedNumber, violations: &mut Violations) -> Option<Option<String>> {
    const FORM: &str = "must be a language tag of BCP 47, such as zh-CN";
    let tag = wire.language.trim();
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let valid = tag.is_empty()
        || (tag.len() <= 35
            && tag.split('-').all(part)
            && tag.split('-').next().is_some_and(|first| first.bytes().all(|b| b.is_ascii_alphabetic())));
    let tag = (!tag.is_empty()).then(|| tag.to_owned());
    violations.check("published_number.language", if valid { Ok(tag) } else { Err(FORM) })
}

fn category(wire: &pb::PublishedNumber, violations: &mut Violations) -> Option<Option<String>> {
    let category = field::optional_text(&wire.default_category, 200);
    violations.check("published_number.default_category", category)
}

fn display_name(wire: &pb::PublishedNumber, violations: &mut Violations) -> Option<String> {
    violations.check("published_number.display_name", field::text(&wire.display_name, 200))
}

fn channel(wire: &pb::PublishedNumber, violations: &mut Violations) -> Option<Channel> {
    let channel = violations.check("published_number.channel", call_channel(wire.channel))?;
    Some(channel.unwrap_or(Channel::Hotline))
}
