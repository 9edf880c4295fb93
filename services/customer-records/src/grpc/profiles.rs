//! ProfileService: handlers and what they read and write.

use std::collections::HashSet;

use jiff::{civil::Date, tz::TimeZone};
use kexiang_core::{CustomerId, FieldSchemaId};
use kexiang_proto::customers_v1::{self as pb, profile_service_server::ProfileService};
use kexiang_rpc::{PageRequest, Violations, field, time};
use tonic::{Request, Response, Status};

use super::status::{read, status};
use crate::{
    app::{App, AppError, profiles::ProfileFilter},
    domain::{
        field_schema::OwnFields,
        profile::{Details, LONGEST_TEXT, MOST_ENTRIES, Marks, Profile},
    },
};

type Answer<T> = Result<Response<T>, Status>;

const SUFFIX: &str = "/profile";
const OUTPUT_ONLY: [&str; 3] = ["name", "update_time", "etag"];
/// Fields that can be changed; `own_fields` stands for `field_schema` too.
const FIELDS: [&str; 15] = [
    "sex",
    "birth_date",
    "income_band",
    "education",
    "job",
    "hobbies",
    "needs",
    "family",
    "habits",
    "preferred_times",
    "source",
    "tiers",
    "tags",
    "risk_flags",
    "own_fields",
];

/// ProfileService over the use cases.
#[derive(Clone)]
pub struct Profiles {
    app: App,
}

impl Profiles {
    /// Serves the use cases of `app`.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    /// Checks own fields by their schema.
    async fn own_fields(
        &self,
        wire: &pb::Profile,
        violations: &mut Violations,
    ) -> Result<(Option<FieldSchemaId>, OwnFields), Status> {
        let values = |field: &pb::OwnField| field.values.clone();
        let given = wire.own_fields.iter().filter(|(_, field)| !field.values.is_empty());
        let own: OwnFields = given.map(|(key, field)| (key.clone(), values(field))).collect();
        let id = field::optional(&wire.field_schema, field::name::<kexiang_core::id::of::FieldSchema>);
        let Some(id) = violations.check("profile.field_schema", id) else { return Ok((None, own)) };
        let Some(id) = id else {
            if !own.is_empty() {
                violations.add("profile.field_schema", "REQUIRED", "is required with own fields");
            }
            return Ok((None, own));
        };
        match self.app.get_field_schema(id).await {
            Ok(schema) if schema.published.is_none() => {
                violations.add("profile.field_schema", "NOT_PUBLISHED", "is a draft: publish it first");
            }
            Ok(schema) => {
                for (key, problem) in schema.problems(&own) {
                    violations.add(
                        &format!("profile.own_fields.{key}"),
                        "INVALID_VALUE",
                        problem.to_string(),
                    );
                }
            }
            Err(AppError::FieldSchemaNotFound(_)) => {
                violations.add("profile.field_schema", "NOT_FOUND", "there is no such schema");
            }
            Err(error) => return Err(status(error)),
        }
        Ok((Some(id), own))
    }
}

#[tonic::async_trait]
impl ProfileService for Profiles {
    async fn get_profile(&self, request: Request<pb::GetProfileRequest>) -> Answer<pb::Profile> {
        let mut violations = Violations::default();
        let id = profile_name("name", &request.get_ref().name, &mut violations);
        let id = read(violations, id)?;

        let profile = self.app.get_profile(id).await.map_err(status)?;
        Ok(Response::new(to_wire(&profile)))
    }

    async fn update_profile(&self, request: Request<pb::UpdateProfileRequest>) -> Answer<pb::Profile> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "UpdateProfile", request_id, &mut violations)?;
        let request = request.into_inner();
        let wire = violations.required("profile", request.profile.clone()).unwrap_or_default();
        let id = if request.profile.is_some() {
            profile_name("profile.name", &wire.name, &mut violations)
        } else {
            None
        };
        let etag = violations.check("profile.etag", field::etag(&wire.etag));
        let paths = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
        let fields = selected(&wire, &paths, &mut violations);
        let today = self.app.clock().now().to_zoned(TimeZone::UTC).date();
        let (mut details, marks) = values(&wire, &fields, today, &mut violations);
        if fields.contains("own_fields") {
            (details.field_schema, details.own_fields) = self.own_fields(&wire, &mut violations).await?;
        }
        let (call, (id, etag)) = read(violations, call.zip(id.zip(etag)))?;

        let change = move |profile: &mut Profile| apply(profile, &details, &marks, &fields);
        let profile = self.app.update_profile(&call, id, etag, change).await.map_err(status)?;
        Ok(Response::new(to_wire(&profile)))
    }

    async fn list_profiles(
        &self,
        request: Request<pb::ListProfilesRequest>,
    ) -> Answer<pb::ListProfilesResponse> {
        let request = request.into_inner();
        let bound_to = pb::ListProfilesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let mut violations = Violations::default();
        let page = PageRequest::<CustomerId>::read(
            request.page_size,
            &request.page_token,
            &bound_to,
            &mut violations,
        );
        let wanted = |text: &String| (!text.is_empty()).then(|| text.clone());
        let filter = ProfileFilter {
            tier: wanted(&request.tier),
            tag: wanted(&request.tag),
            risk_flag: wanted(&request.risk_flag),
            source: wanted(&request.source),
            own_field: None,
        };
        let own = wanted(&request.own_field).zip(wanted(&request.own_field_value));
        if request.own_field.is_empty() != request.own_field_value.is_empty() {
            violations.add("own_field_value", "REQUIRED", "key and value of an own field belong together");
        }
        if filter == ProfileFilter::default() && own.is_none() {
            violations.add("tier", "REQUIRED", "something to look for is required");
        }
        for (path, text) in [
            ("tier", &filter.tier),
            ("tag", &filter.tag),
            ("risk_flag", &filter.risk_flag),
            ("source", &filter.source),
        ] {
            violations.check(path, field::optional_text(text.as_deref().unwrap_or_default(), LONGEST_TEXT));
        }
        let page = read(violations, page)?;

        let own = own.as_ref().map(|(field, value)| (field.as_str(), value.as_str()));
        let listed = self.app.list_profiles(&filter, own, page.after, page.limit + 1).await;
        let mut listed = listed.map_err(status)?;
        let next_page_token = page.cut(&mut listed, |profile| profile.customer_id);
        let profiles = listed.iter().map(to_wire).collect();
        Ok(Response::new(pb::ListProfilesResponse { profiles, next_page_token }))
    }
}

fn profile_name(path: &str, text: &str, violations: &mut Violations) -> Option<CustomerId> {
    let customer = text.strip_suffix(SUFFIX).and_then(|customer| field::name(customer).ok());
    violations.check(path, customer.ok_or("must have the form customers/{id}/profile with a UUID"))
}

/// The fields to change, by mask or because they are populated.
fn selected(wire: &pb::Profile, paths: &[String], violations: &mut Violations) -> HashSet<&'static str> {
    if paths.is_empty() {
        let empty = pb::Profile::default();
        let populated = [
            wire.sex != empty.sex,
            !wire.birth_date.is_empty(),
            !wire.income_band.is_empty(),
            !wire.education.is_empty(),
            !wire.job.is_empty(),
            !wire.hobbies.is_empty(),
            !wire.needs.is_empty(),
            !wire.family.is_empty(),
            !wire.habits.is_empty(),
            !wire.preferred_times.is_empty(),
            !wire.source.is_empty(),
            !wire.tiers.is_empty(),
            !wire.tags.is_empty(),
            !wire.risk_flags.is_empty(),
            !wire.own_fields.is_empty() || !wire.field_schema.is_empty(),
        ];
        return FIELDS.into_iter().zip(populated).filter(|(_, is)| *is).map(|(field, _)| field).collect();
    }
    let mut fields = HashSet::new();
    for path in paths {
        let wanted = if path == "field_schema" { "own_fields" } else { path.as_str() };
        match FIELDS.iter().find(|field| **field == wanted) {
            Some(field) => drop(fields.insert(*field)),
            None if wanted == "*" => fields.extend(FIELDS),
            None if OUTPUT_ONLY.contains(&wanted) => {}
            None => violations.add("update_mask", "UNKNOWN_PATH", format!("a profile has no field `{path}`")),
        }
    }
    fields
}

/// Reads the fields to change, all but own fields.
fn values(
    wire: &pb::Profile,
    fields: &HashSet<&'static str>,
    today: Date,
    violations: &mut Violations,
) -> (Details, Marks) {
    let mut text = |name: &str, value: &str| {
        if !fields.contains(name) {
            return String::new();
        }
        let read = field::optional_text(value, LONGEST_TEXT);
        violations.check(&format!("profile.{name}"), read).flatten().unwrap_or_default()
    };
    let mut details = Details {
        income_band: text("income_band", &wire.income_band),
        education: text("education", &wire.education),
        job: text("job", &wire.job),
        family: text("family", &wire.family),
        birth_date: text("birth_date", &wire.birth_date),
        ..Details::default()
    };
    let source = text("source", &wire.source);
    let mut list = |name: &str, values: &[String]| {
        if !fields.contains(name) {
            return Vec::new();
        }
        if values.len() > MOST_ENTRIES {
            violations.add(&format!("profile.{name}"), "TOO_MANY", format!("must be at most {MOST_ENTRIES}"));
            return Vec::new();
        }
        let mut entries: Vec<String> = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let entry =
                violations.check(&format!("profile.{name}[{index}]"), field::text(value, LONGEST_TEXT));
            entries.extend(entry.filter(|entry| !entries.contains(entry)));
        }
        entries
    };
    details.hobbies = list("hobbies", &wire.hobbies);
    details.needs = list("needs", &wire.needs);
    details.habits = list("habits", &wire.habits);
    details.preferred_times = list("preferred_times", &wire.preferred_times);
    let (tiers, tags) = (list("tiers", &wire.tiers), list("tags", &wire.tags));
    let marks = Marks { tiers, tags, risk_flags: list("risk_flags", &wire.risk_flags), source };
    if fields.contains("sex") {
        let sex = pb::Sex::try_from(wire.sex).map_err(|_| field::InvalidEnum::Unknown(wire.sex));
        let sex = violations.check("profile.sex", sex).unwrap_or_default();
        details.sex = if sex == pb::Sex::Unspecified { String::new() } else { sex.as_str_name().to_owned() };
    }
    if !details.birth_date.is_empty() {
        let date = details.birth_date.parse::<Date>().ok().filter(|date| *date <= today);
        let date = violations
            .check("profile.birth_date", date.ok_or("must be a date such as 1990-05-17, not in the future"));
        details.birth_date = date.map(|date| date.to_string()).unwrap_or_default();
    }
    (details, marks)
}

fn apply(profile: &mut Profile, details: &Details, marks: &Marks, fields: &HashSet<&'static str>) {
    let (old, kept) = (&mut profile.details, &mut profile.marks);
    for field in fields {
        match *field {
            "sex" => old.sex.clone_from(&details.sex),
            "birth_date" => old.birth_date.clone_from(&details.birth_date),
            "income_band" => old.income_band.clone_from(&details.income_band),
            "education" => old.education.clone_from(&details.education),
            "job" => old.job.clone_from(&details.job),
            "hobbies" => old.hobbies.clone_from(&details.hobbies),
            "needs" => old.needs.clone_from(&details.needs),
            "family" => old.family.clone_from(&details.family),
            "habits" => old.habits.clone_from(&details.habits),
            "preferred_times" => old.preferred_times.clone_from(&details.preferred_times),
            "own_fields" => {
                old.field_schema = details.field_schema;
                old.own_fields.clone_from(&details.own_fields);
            }
            "source" => kept.source.clone_from(&marks.source),
            "tiers" => kept.tiers.clone_from(&marks.tiers),
            "tags" => kept.tags.clone_from(&marks.tags),
            "risk_flags" => kept.risk_flags.clone_from(&marks.risk_flags),
            _ => {}
        }
    }
}

/// Writes a profile.
pub fn to_wire(profile: &Profile) -> pb::Profile {
    let Profile { customer_id, details, marks, updated_at, version } = profile.clone();
    let own = |(key, values)| (key, pb::OwnField { values });
    pb::Profile {
        name: format!("{}{SUFFIX}", customer_id.name()),
        sex: pb::Sex::from_str_name(&details.sex).unwrap_or_default().into(),
        birth_date: details.birth_date,
        income_band: details.income_band,
        education: details.education,
        job: details.job,
        hobbies: details.hobbies,
        needs: details.needs,
        family: details.family,
        habits: details.habits,
        preferred_times: details.preferred_times,
        source: marks.source,
        tiers: marks.tiers,
        tags: marks.tags,
        risk_flags: marks.risk_flags,
        field_schema: details.field_schema.map(FieldSchemaId::name).unwrap_or_default(),
        own_fields: details.own_fields.into_iter().map(own).collect(),
        update_time: updated_at.map(time::to_wire),
        etag: version.to_string(),
    }
}
