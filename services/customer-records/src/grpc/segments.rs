//! SegmentService: handlers, what they read and what they write.

use std::pin::Pin;

use futures::{Stream, StreamExt};
use kexiang_core::{CustomerId, SegmentId};
use kexiang_proto::customers_v1::{self as pb, segment_service_server::SegmentService};
use kexiang_rpc::{PageRequest, Violations, field, time};
use tonic::{Request, Response, Status};

use super::status::{read, segment::segment_status as status};
use crate::{
    app::{App, segments::SegmentChange},
    domain::segment::{Filter, FilterProblem, LONGEST_TITLE, Purpose, Reason, Segment, SegmentFacts},
};

type Answer<T> = Result<Response<T>, Status>;

/// SegmentService over the use cases.
#[derive(Clone)]
pub struct Segments {
    app: App,
}

impl Segments {
    /// Serves the use cases of `app`.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl SegmentService for Segments {
    type StreamSegmentMembersStream =
        Pin<Box<dyn Stream<Item = Result<pb::StreamSegmentMembersResponse, Status>> + Send>>;

    async fn create_segment(&self, request: Request<pb::CreateSegmentRequest>) -> Answer<pb::Segment> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "CreateSegment", request_id, &mut violations)?;
        let segment = violations.required("segment", request.get_ref().segment.as_ref());
        let title = segment.and_then(|segment| title(&segment.title, &mut violations));
        let filter = segment
            .and_then(|segment| filter("segment.filter", &segment.filter, Purpose::Saved, &mut violations));
        let text = segment.map(|segment| segment.filter.clone());
        let new = title.zip(filter.and(text));
        let (call, (title, filter)) = read(violations, call.zip(new))?;

        let segment = self.app.create_segment(&call, title, filter).await.map_err(status)?;
        Ok(Response::new(to_wire(segment)))
    }

    async fn get_segment(&self, request: Request<pb::GetSegmentRequest>) -> Answer<pb::Segment> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = read(violations, id)?;

        let segment = self.app.get_segment(id).await.map_err(status)?;
        Ok(Response::new(to_wire(segment)))
    }

    async fn list_segments(
        &self,
        request: Request<pb::ListSegmentsRequest>,
    ) -> Answer<pb::ListSegmentsResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let bound_to = pb::ListSegmentsRequest::default();
        let page = PageRequest::<SegmentId>::read(
            request.page_size,
            &request.page_token,
            &bound_to,
            &mut violations,
        );
        let page = read(violations, page)?;

        let mut found = self.app.list_segments(page.after, page.limit + 1).await.map_err(status)?;
        let next_page_token = page.cut(&mut found, |segment| segment.segment_id);
        let segments = found.into_iter().map(to_wire).collect();
        Ok(Response::new(pb::ListSegmentsResponse { segments, next_page_token }))
    }

    async fn update_segment(&self, request: Request<pb::UpdateSegmentRequest>) -> Answer<pb::Segment> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "UpdateSegment", request_id, &mut violations)?;
        let request = request.into_inner();
        let segment = violations.required("segment", request.segment).unwrap_or_default();
        let id = violations.check("segment.name", field::name(&segment.name));
        let etag = violations.check("segment.etag", field::etag(&segment.etag));
        let paths = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
        let change = change(&segment, &paths, &mut violations);
        let (call, ((id, etag), change)) = read(violations, call.zip(id.zip(etag).zip(change)))?;

        let segment = self.app.update_segment(&call, id, etag, change).await.map_err(status)?;
        Ok(Response::new(to_wire(segment)))
    }

    async fn delete_segment(&self, request: Request<pb::DeleteSegmentRequest>) -> Answer<pb::Segment> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "DeleteSegment", request_id, &mut violations)?;
        let id = violations.check("name", field::name(&request.get_ref().name));
        let etag = violations.check("etag", field::etag(&request.get_ref().etag));
        let (call, (id, etag)) = read(violations, call.zip(id.zip(etag)))?;

        let segment = self.app.delete_segment(&call, id, etag).await.map_err(status)?;
        Ok(Response::new(to_wire(segment)))
    }

    async fn count_segment(
        &self,
        request: Request<pb::CountSegmentRequest>,
    ) -> Answer<pb::CountSegmentResponse> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = read(violations, id)?;

        let (count, at) = self.app.count_segment(id).await.map_err(status)?;
        Ok(Response::new(pb::CountSegmentResponse { count, count_time: Some(time::to_wire(at)) }))
    }

    async fn count_members(
        &self,
        request: Request<pb::CountMembersRequest>,
    ) -> Answer<pb::CountMembersResponse> {
        let mut violations = Violations::default();
        let filter = filter("filter", &request.get_ref().filter, Purpose::Unsaved, &mut violations);
        let filter = read(violations, filter)?;

        let (count, at) = self.app.count_members(&filter).await.map_err(status)?;
        Ok(Response::new(pb::CountMembersResponse { count, count_time: Some(time::to_wire(at)) }))
    }

    async fn stream_segment_members(
        &self,
        request: Request<pb::StreamSegmentMembersRequest>,
    ) -> Answer<Self::StreamSegmentMembersStream> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.name));
        let after = field::optional(&request.start_after, field::name);
        let after = violations.check("start_after", after);
        let (id, after) = read(violations, id.zip(after))?;

        let members = self.app.stream_segment_members(id, after).await.map_err(status)?;
        let members = members.map(|batch| {
            let customers = batch.map_err(status)?.into_iter().map(CustomerId::name).collect();
            Ok(pb::StreamSegmentMembersResponse { customers })
        });
        Ok(Response::new(Box::pin(members)))
    }

    async fn check_filter(
        &self,
        request: Request<pb::CheckFilterRequest>,
    ) -> Answer<pb::CheckFilterResponse> {
        let request = request.into_inner();
        let purpose = if request.unsaved { Purpose::Unsaved } else { Purpose::Saved };
        Ok(Response::new(match Filter::parse(&request.filter, purpose) {
            Ok(filter) => {
                pb::CheckFilterResponse { problems: Vec::new(), fields: filter.fields.into_iter().collect() }
            }
            Err(problems) => pb::CheckFilterResponse {
                problems: problems.iter().map(problem_to_wire).collect(),
                fields: Vec::new(),
            },
        }))
    }
}

fn title(text: &str, violations: &mut Violations) -> Option<String> {
    violations.check("segment.title", field::text(text, LONGEST_TITLE))
}

/// Reads a filter; each of its problems is a violation.
fn filter(path: &str, text: &str, purpose: Purpose, violations: &mut Violations) -> Option<Filter> {
    match Filter::parse(text, purpose) {
        Ok(filter) => Some(filter),
        Err(problems) => {
            for problem in problems {
                let reason = reason(problem.problem.reason()).as_str_name();
                let reason = reason.trim_start_matches("FILTER_PROBLEM_REASON_");
                violations.add(path, reason, describe(&problem));
            }
            None
        }
    }
}

fn change(segment: &pb::Segment, paths: &[String], violations: &mut Violations) -> Option<SegmentChange> {
    let all = paths.iter().any(|path| path == "*");
    for path in paths {
        if !["*", "title", "filter", "name", "creator", "create_time", "update_time", "etag"]
            .contains(&path.as_str())
        {
            violations.add("update_mask", "INVALID_VALUE", format!("{path} is no field of a segment"));
        }
    }
    let wanted = |name: &str, text: &str| match paths {
        [] => !text.is_empty(),
        paths => all || paths.iter().any(|path| path == name),
    };
    let mut change = SegmentChange::default();
    if wanted("title", &segment.title) {
        change.title = Some(title(&segment.title, violations).unwrap_or_default());
    }
    if wanted("filter", &segment.filter) {
        filter("segment.filter", &segment.filter, Purpose::Saved, violations);
        change.filter = Some(segment.filter.clone());
    }
    Some(change)
}

/// A problem for people: where, and what.
pub(super) fn describe(problem: &FilterProblem) -> String {
    let FilterProblem { place, text, problem } = problem;
    let at = if text.is_empty() { String::from("at the end") } else { format!("at `{text}`") };
    format!("line {}, column {}, {at}: {problem}", place.line, place.column)
}

const fn reason(reason: Reason) -> pb::FilterProblemReason {
    match reason {
        Reason::Syntax => pb::FilterProblemReason::Syntax,
        Reason::UnknownField => pb::FilterProblemReason::UnknownField,
        Reason::SealedField => pb::FilterProblemReason::SealedField,
        Reason::OperatorNotAllowed => pb::FilterProblemReason::OperatorNotAllowed,
        Reason::ValueNotAllowed => pb::FilterProblemReason::ValueNotAllowed,
        Reason::ArgumentNotAllowed => pb::FilterProblemReason::ArgumentNotAllowed,
        Reason::LimitExceeded => pb::FilterProblemReason::LimitExceeded,
    }
}

fn problem_to_wire(problem: &FilterProblem) -> pb::FilterProblem {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    pb::FilterProblem {
        line: number(problem.place.line),
        column: number(problem.place.column),
        offset: number(problem.place.offset),
        text: problem.text.clone(),
        reason: reason(problem.problem.reason()).into(),
        message: problem.problem.to_string(),
    }
}

fn to_wire(segment: Segment) -> pb::Segment {
    pb::Segment {
        name: segment.segment_id.name(),
        title: segment.title,
        filter: segment.filter,
        creator: segment.created_by.to_string(),
        create_time: Some(time::to_wire(segment.created_at)),
        update_time: Some(time::to_wire(segment.updated_at)),
        etag: segment.version.to_string(),
    }
}

/// The facts of events of a segment.
pub(super) fn facts(facts: &SegmentFacts) -> pb::SegmentFacts {
    pb::SegmentFacts { segment: facts.segment_id.name() }
}
