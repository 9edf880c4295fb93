//! What probes and tools see: health that means readiness, reflection.

use std::time::Duration;

use kexiang_pg::Pool;
use tokio::time::timeout;
use tonic::Code;
use tonic_health::{
    ServingStatus,
    pb::{HealthCheckRequest, health_client::HealthClient},
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::desk::{AGENT, Desk, PATIENCE};

const SERVICES: [&str; 3] = ["", "kexiang.intake.v1.IntakeService", "kexiang.event.v1.EventFeedService"];

impl Desk {
    /// What probes are told, which need no token.
    async fn health(&self, service: &str) -> i32 {
        let request = HealthCheckRequest { service: service.to_owned() };
        HealthClient::new(self.channel.clone())
            .check(request)
            .await
            .map_or(0, |answer| answer.into_inner().status)
    }

    /// Waits until probes of the process and of all its services are told this.
    pub async fn until_health_is(&self, status: ServingStatus) {
        let wanted = match status {
            ServingStatus::Unknown => 0,
            ServingStatus::Serving => 1,
            ServingStatus::NotServing => 2,
        };
        let told = async {
            for service in SERVICES {
                while self.health(service).await != wanted {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        };
        timeout(PATIENCE, told).await.expect("health changes");
    }
}

/// Takes the last migration out of the ledger; gives what brings it back.
async fn forget_last_migration(pool: &Pool) -> i64 {
    let forget = "update intake._sqlx_migrations set success = false
                  where version = (select max(version) from intake._sqlx_migrations) returning version";
    sqlx::query_scalar(forget).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_service_with_its_database_and_all_migrations_is_serving() {
    let desk = Desk::open().await;

    desk.until_health_is(ServingStatus::Serving).await;
}

#[tokio::test]
async fn a_pending_migration_is_not_serving_until_it_is_applied() {
    let desk = Desk::open().await;

    let version = forget_last_migration(desk.pool()).await;
    desk.until_health_is(ServingStatus::NotServing).await;

    let apply = sqlx::query("update intake._sqlx_migrations set success = true where version = $1");
    apply.bind(version).execute(desk.pool()).await.unwrap();
    desk.until_health_is(ServingStatus::Serving).await;
}

#[tokio::test]
async fn reflection_lists_the_services_to_callers_with_a_token() {
    let desk = Desk::open().await;
    let ask = || {
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        tokio_stream::once(request)
    };

    let stranger =
        ServerReflectionClient::new(desk.channel.clone()).server_reflection_info(ask()).await.unwrap_err();
    let mut client = ServerReflectionClient::with_interceptor(desk.channel.clone(), desk.bearer(AGENT));
    let mut answers = client.server_reflection_info(ask()).await.unwrap().into_inner();

    assert_eq!(stranger.code(), Code::Unauthenticated);
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("{answer:?}") };
    let names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    assert!(SERVICES[1..].iter().all(|service| names.iter().any(|name| name == service)), "{names:?}");
}
