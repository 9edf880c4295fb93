//! PresenceService: what it reads and writes (DI-2).

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use kexiang_core::{AgentId, ShiftId, UnitId};
use kexiang_proto::dispatch_v1::{self as pb, presence_service_server::PresenceService};
use kexiang_rpc::{PageRequest, Violations, field, time};
use tonic::{Request, Response, Status};

use super::{
    DOMAIN,
    convert::{
        lists,
        requests::{self, change},
    },
    status::staff::status,
};
use crate::{
    app::App,
    domain::org::{Shift, ShiftState},
};

type Answer<T> = Result<Response<T>, Status>;

const LONGEST_SHIFT: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// PresenceService over the use cases.
#[derive(Clone)]
pub struct Presences {
    app: App,
}

impl Presences {
    /// Serves these use cases.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl PresenceService for Presences {
    async fn start_absence(&self, request: Request<pb::StartAbsenceRequest>) -> Answer<pb::Agent> {
        let request_id = &request.get_ref().request_id;
        let (call, (agent, absence)) = change(&request, "StartAbsence", request_id, |it, all| {
            let agent = requests::agent(&it.name, all);
            let absence = field::word(it.absence, "ABSENCE_", pb::Absence::as_str_name);
            agent.zip(all.check("absence", absence))
        })?;
        let agent = self.app.set_absence(&call, &agent, Some(absence)).await.map_err(status)?;
        Ok(Response::new(agent.into()))
    }

    async fn end_absence(&self, request: Request<pb::EndAbsenceRequest>) -> Answer<pb::Agent> {
        let request_id = &request.get_ref().request_id;
        let (call, agent) =
            change(&request, "EndAbsence", request_id, |it, all| requests::agent(&it.name, all))?;
        let agent = self.app.set_absence(&call, &agent, None).await.map_err(status)?;
        Ok(Response::new(agent.into()))
    }

    async fn list_sign_ins(
        &self,
        request: Request<pb::ListSignInsRequest>,
    ) -> Answer<pb::ListSignInsResponse> {
        let it = request.get_ref();
        let mut all = Violations::default();
        let unit: Option<UnitId> = all.check("unit", field::slug_name(&it.unit));
        let day = day(&it.day, &it.time_zone, &mut all);
        let filter = pb::ListSignInsRequest { page_size: 0, page_token: String::new(), ..it.clone() };
        let page = PageRequest::<i32>::read(it.page_size, &it.page_token, &filter, &mut all);
        let read = || Some((unit?, day?, page?));
        let (unit, day, page) = all.into_result(DOMAIN, read())?;
        // A day's sign-ins are as few as the unit's agents: read whole, shown by pages.
        let all = self.app.list_sign_ins(&unit, day).await.map_err(status)?;
        let after = page.after.unwrap_or_default();
        let mut sign_ins: Vec<pb::SignIn> = (1..)
            .zip(all)
            .filter(|(position, _)| *position > after)
            .take(usize::try_from(page.limit + 1).unwrap_or_default())
            .map(|(position, (agent, at))| pb::SignIn {
                agent: agent.name(),
                sign_in_time: Some(time::to_wire(at)),
                position,
            })
            .collect();
        let next_page_token = page.cut(&mut sign_ins, |sign_in| sign_in.position);
        Ok(Response::new(pb::ListSignInsResponse { sign_ins, next_page_token }))
    }

    async fn schedule_shift(&self, request: Request<pb::ScheduleShiftRequest>) -> Answer<pb::Shift> {
        let request_id = &request.get_ref().request_id;
        let (call, (agent, span)) = change(&request, "ScheduleShift", request_id, |it, all| {
            let agent: Option<AgentId> = all.check("agent", field::slug_name(&it.agent));
            agent.zip(span(it, all))
        })?;
        let shift = self.app.schedule_shift(&call, agent, span).await.map_err(status)?;
        Ok(Response::new(shift_to_wire(&shift)))
    }

    async fn cancel_shift(&self, request: Request<pb::CancelShiftRequest>) -> Answer<pb::Shift> {
        let request_id = &request.get_ref().request_id;
        let (call, target) =
            change(&request, "CancelShift", request_id, |it, all| requests::target(&it.name, &it.etag, all))?;
        let shift = self.app.cancel_shift(&call, target).await.map_err(status)?;
        Ok(Response::new(shift_to_wire(&shift)))
    }

    async fn list_shifts(&self, request: Request<pb::ListShiftsRequest>) -> Answer<pb::ListShiftsResponse> {
        let it = request.get_ref();
        let mut all = Violations::default();
        let agent: Option<AgentId> = all.check("agent", field::slug_name(&it.agent));
        let filter = pb::ListShiftsRequest { page_size: 0, page_token: String::new(), ..it.clone() };
        let page = PageRequest::<(Timestamp, ShiftId)>::read(it.page_size, &it.page_token, &filter, &mut all);
        let (agent, page) = all.into_result(DOMAIN, agent.zip(page))?;
        let mut shifts = self.app.list_shifts(&agent, lists::after(&page)).await.map_err(status)?;
        let next_page_token = page.cut(&mut shifts, |shift| (shift.starts_at, shift.id));
        let shifts = shifts.iter().map(shift_to_wire).collect();
        Ok(Response::new(pb::ListShiftsResponse { shifts, next_page_token }))
    }
}

/// From when until when a day lasts in a zone.
fn day(day: &str, zone: &str, all: &mut Violations) -> Option<(Timestamp, Timestamp)> {
    let day = all.check("day", day.parse::<Date>());
    let zone = all.check("time_zone", TimeZone::get(zone));
    let (day, zone) = day.zip(zone)?;
    let start = day.to_zoned(zone);
    let span = start.and_then(|start| Ok((start.timestamp(), start.tomorrow()?.start_of_day()?.timestamp())));
    all.check("day", span)
}

fn span(it: &pb::ScheduleShiftRequest, all: &mut Violations) -> Option<(Timestamp, Timestamp)> {
    let start = all.required("start_time", it.start_time.as_ref());
    let start = start.and_then(|at| all.check("start_time", time::timestamp(at)));
    let end = all.required("end_time", it.end_time.as_ref());
    let end = end.and_then(|at| all.check("end_time", time::timestamp(at)));
    let (start, end) = start.zip(end)?;
    if end <= start || end.duration_since(start) > LONGEST_SHIFT {
        all.add("end_time", "INVALID_VALUE", "must be after the start, at most 24 hours later");
        return None;
    }
    Some((start, end))
}

fn shift_to_wire(shift: &Shift) -> pb::Shift {
    let state = match shift.state {
        ShiftState::Planned => pb::ShiftState::Planned,
        ShiftState::Ended => pb::ShiftState::Ended,
        ShiftState::Cancelled => pb::ShiftState::Cancelled,
    };
    pb::Shift {
        name: shift.id.name(),
        agent: shift.agent.name(),
        start_time: Some(time::to_wire(shift.starts_at)),
        end_time: Some(time::to_wire(shift.ends_at)),
        state: state.into(),
        etag: shift.version.to_string(),
    }
}
