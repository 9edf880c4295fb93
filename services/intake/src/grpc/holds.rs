//! What is on hold, on the wire (IN-18). Putting on hold and resuming are verbs of a case: [`super::verbs`].

use kexiang_core::{CaseId, HoldReason, Timestamp};
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{PageRequest, Violations, field, time};
use tonic::{Request, Status};

use super::{DOMAIN, convert, status::status};
use crate::app::{App, cases::HeldFilter};

pub(super) async fn list_held_cases(
    app: &App,
    request: Request<pb::ListHeldCasesRequest>,
) -> Result<pb::ListHeldCasesResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let filter = read_filter(&request, &mut violations);
    let bound_to = pb::ListHeldCasesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::<(Timestamp, CaseId)>::read(
        request.page_size,
        &request.page_token,
        &bound_to,
        &mut violations,
    );
    let (filter, page) = violations.into_result(DOMAIN, filter.zip(page))?;
    let mut held = app.list_held_cases(&filter, page.after, page.limit + 1).await.map_err(status)?;
    let next_page_token = page.cut(&mut held, |(held_at, case)| (*held_at, case.id));
    let cases = held.into_iter().map(|(_, case)| convert::case(case)).collect();
    Ok(pb::ListHeldCasesResponse { cases, next_page_token })
}

fn read_filter(request: &pb::ListHeldCasesRequest, violations: &mut Violations) -> Option<HeldFilter> {
    let site = violations.check("site", field::optional(&request.site, field::slug_name));
    let reason = field::optional_word::<pb::HoldReason, HoldReason>(
        request.reason,
        "HOLD_REASON_",
        pb::HoldReason::as_str_name,
    );
    let reason = violations.check("reason", reason);
    let before = time::optional_timestamp(request.held_before_time.as_ref());
    let held_before = violations.check("held_before_time", before);
    Some(HeldFilter { site: site?, reason: reason?, held_before: held_before? })
}
