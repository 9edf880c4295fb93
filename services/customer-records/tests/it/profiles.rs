//! What customers are like, and the own fields of packs (CU-1).

use std::collections::HashMap;

use kexiang_core::CustomerId;
use kexiang_proto::customers_v1::{
    CreateFieldSchemaRequest, FieldDefinition, FieldKind, FieldSchema, FieldSchemaState,
    GetFieldSchemaRequest, GetProfileRequest, ListFieldSchemasRequest, ListProfilesRequest, OwnField,
    Profile, ProfileFacts, PublishFieldSchemaRequest, Sex, UpdateProfileRequest,
};
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::{
    center::{Center, START},
    wire::{refused, violations},
};

const REQUEST_ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

async fn update(center: &Center, profile: Profile, paths: &[&str]) -> Result<Profile, Status> {
    let paths = paths.iter().map(ToString::to_string).collect();
    let request = UpdateProfileRequest {
        profile: Some(profile),
        update_mask: Some(FieldMask { paths }),
        request_id: String::new(),
    };
    center.profiles().update_profile(request).await.map(tonic::Response::into_inner)
}

async fn get(center: &Center, name: &str) -> Profile {
    let request = GetProfileRequest { name: name.into() };
    center.profiles().get_profile(request).await.unwrap().into_inner()
}

async fn of_somebody(center: &Center, name: &str) -> String {
    format!("{}/profile", center.create(name, &[]).await.name)
}

fn definition(key: &str, kind: FieldKind) -> FieldDefinition {
    FieldDefinition { key: key.into(), display_name: key.into(), kind: kind.into(), ..Default::default() }
}

async fn schema(center: &Center) -> FieldSchema {
    let fields = vec![
        FieldDefinition { mandatory: true, max_length: 5, ..definition("meter", FieldKind::Text) },
        FieldDefinition { min: "1".into(), max: "9".into(), ..definition("lines", FieldKind::Integer) },
        FieldDefinition {
            choices: vec!["gas".into(), "water".into()],
            ..definition("supply", FieldKind::MultiChoice)
        },
    ];
    let schema = FieldSchema { pack: "telecom".into(), fields, ..Default::default() };
    let request = CreateFieldSchemaRequest { field_schema: Some(schema), request_id: String::new() };
    let draft = center.field_schemas().create_field_schema(request).await.unwrap().into_inner();
    let request = PublishFieldSchemaRequest { name: draft.name, etag: draft.etag, ..Default::default() };
    center.field_schemas().publish_field_schema(request).await.unwrap().into_inner()
}

fn own(values: &[(&str, &[&str])]) -> HashMap<String, OwnField> {
    let values = values.iter().map(|(key, values)| {
        (key.to_string(), OwnField { values: values.iter().map(ToString::to_string).collect() })
    });
    values.collect()
}

#[tokio::test]
async fn a_profile_is_empty_first_and_updates_change_the_masked_fields_alone() {
    let center = Center::open().await;
    let name = of_somebody(&center, "Li Na").await;
    let empty = get(&center, &name).await;
    let all = Profile {
        sex: Sex::Female.into(),
        birth_date: "1990-05-17".into(),
        job: " Teacher ".into(),
        hobbies: vec!["chess".into(), "chess".into()],
        tiers: vec!["vip".into()],
        tags: vec!["newsletter".into()],
        source: "fair".into(),
        ..empty.clone()
    };

    let first = update(&center, all.clone(), &[]).await.unwrap();
    let changes = Profile { job: "Pilot".into(), tags: vec![], etag: first.etag.clone(), ..all };
    let second = update(&center, changes, &["tags"]).await.unwrap();
    let stale =
        update(&center, Profile { tags: vec!["x".into()], ..first.clone() }, &["tags"]).await.unwrap_err();
    let same = update(&center, second.clone(), &["*"]).await.unwrap();

    assert_eq!((empty.etag.as_str(), empty.update_time), ("0", None));
    assert_eq!((first.job.as_str(), first.hobbies.len(), first.etag.as_str()), ("Teacher", 1, "1"));
    assert_eq!((second.job.as_str(), second.tags.len(), second.etag.as_str()), ("Teacher", 0, "2"));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(same, second);
    assert_eq!(get(&center, &name).await, second);
    let told = center.told().await;
    let facts: ProfileFacts = told[1].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((told.len(), told[1].r#type.as_str()), (3, "customer_profile.updated"));
    assert_eq!(facts.tiers, ["vip"]);
}

#[tokio::test]
async fn own_fields_are_checked_by_their_schema_with_all_that_is_wrong() {
    let center = Center::open().await;
    let name = of_somebody(&center, "Li Na").await;
    let field_schema = schema(&center).await.name;
    let bad = Profile {
        name: name.clone(),
        birth_date: "2999-01-01".into(),
        sex: 99,
        own_fields: own(&[("lines", &["10"]), ("supply", &["coal"]), ("colour", &["red"])]),
        field_schema: field_schema.clone(),
        etag: "new".into(),
        ..Default::default()
    };
    let good = Profile {
        name: name.clone(),
        own_fields: own(&[("meter", &["M-17"]), ("lines", &["9"]), ("supply", &["water", "gas"])]),
        field_schema,
        ..Default::default()
    };

    let refusal = update(&center, bad, &[]).await.unwrap_err();
    let without_schema = Profile { field_schema: String::new(), ..good.clone() };
    let without_schema = update(&center, without_schema, &["own_fields"]).await.unwrap_err();
    let written = update(&center, good.clone(), &["own_fields"]).await.unwrap();

    let mut fields = violations(&refusal);
    fields.sort();
    assert_eq!(
        fields,
        [
            "profile.birth_date",
            "profile.etag",
            "profile.own_fields.colour",
            "profile.own_fields.lines",
            "profile.own_fields.meter",
            "profile.own_fields.supply",
            "profile.sex",
        ]
    );
    assert_eq!(violations(&without_schema), ["profile.field_schema"]);
    assert_eq!(written.own_fields, good.own_fields);
}

#[tokio::test]
async fn profiles_are_found_by_code_and_by_own_field() {
    let center = Center::open().await;
    let field_schema = schema(&center).await.name;
    for number in 0..3 {
        let profile = Profile {
            name: of_somebody(&center, "Li Na").await,
            tiers: vec![if number == 0 { "vip" } else { "card-gold" }.into()],
            own_fields: own(&[("meter", &[&format!("M-{number}")]), ("supply", &["gas"])]),
            field_schema: field_schema.clone(),
            ..Default::default()
        };
        update(&center, profile, &[]).await.unwrap();
        center.hand.advance(jiff::SignedDuration::from_millis(1));
    }
    let list = async |request: ListProfilesRequest| {
        center.profiles().list_profiles(request).await.unwrap().into_inner().profiles.len()
    };
    let by = |field: &str, value: &str| ListProfilesRequest {
        own_field: field.into(),
        own_field_value: value.into(),
        ..Default::default()
    };

    assert_eq!(list(by("supply", "gas")).await, 3);
    assert_eq!(list(by("meter", "M-1")).await, 1);
    assert_eq!(list(ListProfilesRequest { tier: "card-gold".into(), ..Default::default() }).await, 2);
    assert_eq!(list(ListProfilesRequest { tier: "vip".into(), ..by("meter", "M-1") }).await, 0);
    let nothing = center.profiles().list_profiles(ListProfilesRequest::default()).await.unwrap_err();
    assert_eq!(violations(&nothing), ["tier"]);
}

#[tokio::test]
async fn a_schema_has_versions_and_a_bad_one_is_refused_with_all_that_is_wrong() {
    let center = Center::open().await;
    let (first, second) = (schema(&center).await, schema(&center).await);
    let fields = vec![
        definition("Meter", FieldKind::Text),
        definition("supply", FieldKind::Choice),
        definition("supply", FieldKind::Unspecified),
        FieldDefinition { min: "9".into(), max: "1".into(), ..definition("lines", FieldKind::Integer) },
    ];
    let bad = FieldSchema { pack: "No Pack".into(), fields, ..Default::default() };
    let bad = CreateFieldSchemaRequest { field_schema: Some(bad), request_id: "x".into() };

    let refusal = center.field_schemas().create_field_schema(bad).await.unwrap_err();
    let got = GetFieldSchemaRequest { name: first.name.clone() };
    let got = center.field_schemas().get_field_schema(got).await.unwrap().into_inner();
    let list = ListFieldSchemasRequest { pack: "telecom".into(), ..Default::default() };
    let listed = center.field_schemas().list_field_schemas(list).await.unwrap().into_inner().field_schemas;

    assert_eq!((first.version, second.version), (1, 2));
    assert_eq!(got, first);
    assert_eq!(listed.len(), 2);
    assert_eq!(
        violations(&refusal),
        [
            "request_id",
            "field_schema.pack",
            "field_schema.fields[0].key",
            "field_schema.fields[1].choices",
            "field_schema.fields[2].kind",
            "field_schema.fields[2].key",
            "field_schema.fields[3].min",
        ]
    );
}

#[tokio::test]
async fn a_repeated_update_is_done_once_and_the_profile_of_nobody_is_not_found() {
    let center = Center::open().await;
    let name = of_somebody(&center, "Li Na").await;
    let profile = Profile { name, job: "Pilot".into(), ..Default::default() };
    let request =
        UpdateProfileRequest { profile: Some(profile), request_id: REQUEST_ID.into(), ..Default::default() };
    let nobody = format!("{}/profile", CustomerId::at(START).name());

    let first = center.profiles().update_profile(request.clone()).await.unwrap().into_inner();
    let again = center.profiles().update_profile(request).await.unwrap().into_inner();
    let missing =
        update(&center, Profile { name: nobody, ..Default::default() }, &["job"]).await.unwrap_err();
    let strange = Profile { name: "customers/x".into(), ..Default::default() };
    let strange = update(&center, strange, &["shoe_size"]).await.unwrap_err();

    assert_eq!(first, again);
    assert_eq!(center.told().await.len(), 2);
    assert_eq!(refused(&missing), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!(violations(&strange), ["profile.name", "update_mask"]);
}

#[tokio::test]
async fn only_a_published_schema_counts_and_it_is_published_once() {
    let center = Center::open().await;
    let name = of_somebody(&center, "Li Na").await;
    let fields = vec![definition("meter", FieldKind::Text)];
    let new = FieldSchema { pack: "water".into(), fields, ..Default::default() };
    let create = CreateFieldSchemaRequest { field_schema: Some(new), request_id: String::new() };
    let draft = center.field_schemas().create_field_schema(create).await.unwrap().into_inner();
    let profile = Profile {
        name,
        own_fields: own(&[("meter", &["M-17"])]),
        field_schema: draft.name.clone(),
        ..Default::default()
    };
    let publish = |etag: &str, request_id: &str| PublishFieldSchemaRequest {
        name: draft.name.clone(),
        etag: etag.into(),
        request_id: request_id.into(),
    };

    let by_draft = update(&center, profile.clone(), &["own_fields"]).await.unwrap_err();
    let stale = center.field_schemas().publish_field_schema(publish("2", "")).await.unwrap_err();
    let first =
        center.field_schemas().publish_field_schema(publish("1", REQUEST_ID)).await.unwrap().into_inner();
    let same =
        center.field_schemas().publish_field_schema(publish("1", REQUEST_ID)).await.unwrap().into_inner();
    let again = center.field_schemas().publish_field_schema(publish("2", "")).await.unwrap_err();
    let strange =
        PublishFieldSchemaRequest { name: "water".into(), etag: "new".into(), request_id: "x".into() };
    let strange = center.field_schemas().publish_field_schema(strange).await.unwrap_err();

    assert_eq!((draft.state(), draft.publisher.as_str()), (FieldSchemaState::Draft, ""));
    assert_eq!(violations(&by_draft), ["profile.field_schema"]);
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!((first.state(), first.etag.as_str()), (FieldSchemaState::Published, "2"));
    assert!(first.publish_time.is_some() && !first.publisher.is_empty() && same == first);
    assert_eq!(refused(&again), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".into()));
    assert_eq!(violations(&strange), ["request_id", "name", "etag"]);
    assert!(update(&center, profile, &["own_fields"]).await.is_ok());
    let types: Vec<String> = center.told().await.into_iter().map(|event| event.r#type).collect();
    assert_eq!(types.iter().filter(|told| *told == "field_schema.published").count(), 1);
}
