//! OrgService: what it reads and writes (DI-1).

use std::collections::{BTreeMap, BTreeSet};

use kexiang_core::{AgentId, UnitId, UnitMoveId};
use kexiang_proto::dispatch_v1::{self as pb, org_service_server::OrgService};
use kexiang_rpc::{PageRequest, Violations, field, time};
use tonic::{Request, Response, Status};

use super::{
    DOMAIN,
    convert::{lists, requests::change},
    status::staff::status,
};
use crate::{
    app::App,
    domain::org::{Profile, UnitMove, UnitRole},
};

type Answer<T> = Result<Response<T>, Status>;

const MAX_REASON: usize = 1_000;
const MAX_CODE: usize = 60;
const MAX_DEPUTIES: usize = 20;
const MAX_SKILLS: usize = 100;
const MAX_LANGUAGES: usize = 20;
const MAX_TERRITORY: usize = 200;
const MAX_PLACE: usize = 100;
const MAX_CAPACITY: i32 = 100_000;

/// OrgService over the use cases.
#[derive(Clone)]
pub struct Org {
    app: App,
}

impl Org {
    /// Serves these use cases.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl OrgService for Org {
    async fn move_unit(&self, request: Request<pb::MoveUnitRequest>) -> Answer<pb::Unit> {
        let request_id = &request.get_ref().request_id;
        let (call, (id, etag, parent, reason)) = change(&request, "MoveUnit", request_id, |it, all| {
            let id = all.check("name", field::slug_name(&it.name));
            let etag = all.check("etag", field::etag(&it.etag));
            let parent = all.check("parent", field::optional(&it.parent, field::slug_name));
            let reason = all.check("reason", field::text(&it.reason, MAX_REASON));
            Some((id?, etag?, parent?, reason?))
        })?;
        let unit = self.app.move_unit(&call, &id, etag, parent, reason).await.map_err(status)?;
        Ok(Response::new(unit.into()))
    }

    async fn list_unit_moves(
        &self,
        request: Request<pb::ListUnitMovesRequest>,
    ) -> Answer<pb::ListUnitMovesResponse> {
        let it = request.get_ref();
        let mut all = Violations::default();
        let unit: Option<UnitId> = all.check("parent", field::slug_name(&it.parent));
        let filter = pb::ListUnitMovesRequest { page_size: 0, page_token: String::new(), ..it.clone() };
        let page = PageRequest::<UnitMoveId>::read(it.page_size, &it.page_token, &filter, &mut all);
        let (unit, page) = all.into_result(DOMAIN, unit.zip(page))?;
        let mut moves = self.app.list_unit_moves(&unit, lists::after(&page)).await.map_err(status)?;
        let next_page_token = page.cut(&mut moves, |step| step.id);
        let moves = moves.into_iter().map(move_to_wire).collect();
        Ok(Response::new(pb::ListUnitMovesResponse { moves, next_page_token }))
    }

    async fn set_unit_role(&self, request: Request<pb::SetUnitRoleRequest>) -> Answer<pb::UnitRole> {
        let request_id = &request.get_ref().request_id;
        let (call, (etag, role)) = change(&request, "SetUnitRole", request_id, read_role)?;
        let role = self.app.set_unit_role(&call, etag, role).await.map_err(status)?;
        Ok(Response::new(role_to_wire(role)))
    }

    async fn list_unit_roles(
        &self,
        request: Request<pb::ListUnitRolesRequest>,
    ) -> Answer<pb::ListUnitRolesResponse> {
        let it = request.get_ref();
        let mut all = Violations::default();
        let unit: Option<UnitId> = all.check("unit", field::slug_name(&it.unit));
        let filter = pb::ListUnitRolesRequest { page_size: 0, page_token: String::new(), ..it.clone() };
        let page = PageRequest::<String>::read(it.page_size, &it.page_token, &filter, &mut all);
        let (unit, page) = all.into_result(DOMAIN, unit.zip(page))?;
        let mut roles = self.app.list_unit_roles(&unit, lists::after(&page)).await.map_err(status)?;
        let next_page_token = page.cut(&mut roles, |role| role.role.clone());
        let roles = roles.into_iter().map(role_to_wire).collect();
        Ok(Response::new(pb::ListUnitRolesResponse { roles, next_page_token }))
    }

    async fn set_agent_profile(
        &self,
        request: Request<pb::SetAgentProfileRequest>,
    ) -> Answer<pb::AgentProfile> {
        let request_id = &request.get_ref().request_id;
        let (call, (etag, profile)) = change(&request, "SetAgentProfile", request_id, read_profile)?;
        let profile = self.app.set_agent_profile(&call, etag, profile).await.map_err(status)?;
        Ok(Response::new(profile_to_wire(profile)))
    }

    async fn get_agent_profile(
        &self,
        request: Request<pb::GetAgentProfileRequest>,
    ) -> Answer<pb::AgentProfile> {
        let mut all = Violations::default();
        let agent: Option<AgentId> = all.check("agent", field::slug_name(&request.get_ref().agent));
        let agent = all.into_result(DOMAIN, agent)?;
        let profile = self.app.get_agent_profile(&agent).await.map_err(status)?;
        Ok(Response::new(profile_to_wire(profile)))
    }
}

/// Agents named in a list: at most `max`, each once.
pub(super) fn agents(path: &str, names: &[String], max: usize, all: &mut Violations) -> Option<Vec<AgentId>> {
    if names.len() > max {
        all.add(path, "INVALID_VALUE", format!("must have at most {max} agents"));
        return None;
    }
    let mut seen = BTreeSet::new();
    let read: Vec<Option<AgentId>> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let path = format!("{path}[{at}]");
            let agent: AgentId = all.check(&path, field::slug_name(name))?;
            if !seen.insert(agent.clone()) {
                all.add(&path, "INVALID_VALUE", "is there twice");
                return None;
            }
            Some(agent)
        })
        .collect();
    read.into_iter().collect()
}

/// Texts of a list: at most `max`, each of at most `longest` characters.
fn texts(
    path: &str,
    texts: &[String],
    max: usize,
    longest: usize,
    all: &mut Violations,
) -> Option<Vec<String>> {
    if texts.len() > max {
        all.add(path, "INVALID_VALUE", format!("must have at most {max} entries"));
        return None;
    }
    let read: Vec<Option<String>> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| all.check(&format!("{path}[{at}]"), field::text(text, longest)))
        .collect();
    read.into_iter().collect()
}

fn read_role(it: &pb::SetUnitRoleRequest, all: &mut Violations) -> Option<(Option<i64>, UnitRole)> {
    let unit = all.check("unit", field::slug_name(&it.unit));
    let role = all.check("role", field::text(&it.role, MAX_CODE));
    let agent: Option<AgentId> = all.check("agent", field::slug_name(&it.agent));
    let deputies = agents("deputies", &it.deputies, MAX_DEPUTIES, all);
    if let (Some(agent), Some(deputies)) = (&agent, &deputies)
        && deputies.contains(agent)
    {
        all.add("deputies", "INVALID_VALUE", "must not have the holder");
    }
    let etag = all.check("etag", field::etag(&it.etag));
    let role =
        UnitRole { unit: unit?, role: role?, agent: agent?, deputies: deputies?, acting: None, version: 0 };
    Some((etag?, role))
}

fn read_profile(it: &pb::SetAgentProfileRequest, all: &mut Violations) -> Option<(Option<i64>, Profile)> {
    let agent = all.check("agent", field::slug_name(&it.agent));
    let etag = all.check("etag", field::etag(&it.etag));
    let profile = all.required("profile", it.profile.as_ref())?;
    let skills = read_skills(&profile.skills, all);
    let languages = texts("profile.languages", &profile.languages, MAX_LANGUAGES, MAX_CODE, all);
    let territory = texts("profile.territory", &profile.territory, MAX_TERRITORY, MAX_PLACE, all);
    if !(0..=MAX_CAPACITY).contains(&profile.capacity) {
        all.add("profile.capacity", "INVALID_VALUE", format!("must be 0 to {MAX_CAPACITY}"));
    }
    let profile = Profile {
        agent: agent?,
        skills: skills?,
        languages: languages?,
        territory: territory?,
        trainee: profile.trainee,
        capacity: profile.capacity,
        version: 0,
    };
    Some((etag?, profile))
}

fn read_skills(skills: &[pb::Skill], all: &mut Violations) -> Option<BTreeMap<String, i32>> {
    if skills.len() > MAX_SKILLS {
        all.add("profile.skills", "INVALID_VALUE", format!("must have at most {MAX_SKILLS} skills"));
        return None;
    }
    let mut read = BTreeMap::new();
    for (at, skill) in skills.iter().enumerate() {
        let code = all.check(&format!("profile.skills[{at}].code"), field::text(&skill.code, MAX_CODE));
        if !(1..=5).contains(&skill.grade) {
            all.add(&format!("profile.skills[{at}].grade"), "INVALID_VALUE", "must be 1 to 5");
        }
        let twice = code.is_some_and(|code| read.insert(code, skill.grade).is_some());
        if twice {
            all.add(&format!("profile.skills[{at}].code"), "INVALID_VALUE", "is there twice");
        }
    }
    Some(read)
}

fn move_to_wire(step: UnitMove) -> pb::UnitMove {
    let name = |unit: Option<UnitId>| unit.map(|unit| unit.name()).unwrap_or_default();
    pb::UnitMove {
        name: step.id.name(),
        unit: step.unit.name(),
        from_parent: name(step.from),
        to_parent: name(step.to),
        reason: step.reason,
        actor: step.actor,
        move_time: Some(time::to_wire(step.moved_at)),
    }
}

fn role_to_wire(role: UnitRole) -> pb::UnitRole {
    pb::UnitRole {
        unit: role.unit.name(),
        role: role.role,
        agent: role.agent.name(),
        deputies: role.deputies.iter().map(AgentId::name).collect(),
        acting_agent: role.acting.map(|agent| agent.name()).unwrap_or_default(),
        etag: role.version.to_string(),
    }
}

fn profile_to_wire(profile: Profile) -> pb::AgentProfile {
    let skills = profile.skills.into_iter().map(|(code, grade)| pb::Skill { code, grade }).collect();
    pb::AgentProfile {
        agent: profile.agent.name(),
        skills,
        languages: profile.languages,
        territory: profile.territory,
        trainee: profile.trainee,
        capacity: profile.capacity,
        etag: profile.version.to_string(),
    }
}
