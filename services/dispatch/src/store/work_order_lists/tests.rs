use kexiang_core::{AgentId, UnitId};
use kexiang_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, Row};

use super::{query, sql};
use crate::{
    SCHEMA,
    domain::{filter::WorkOrderFilter, state::WorkOrderState},
};

/// 10 units of 10 agents; 1,000 orders of each agent, all done but the last 20.
const HISTORY: [&str; 5] = [
    "insert into dispatch.units select 'unit-' || u, 'Unit', null, now() from generate_series(0, 9) u",
    "insert into dispatch.agents
     select 'agent-' || a, 'Agent', 'unit-' || a / 10, 20, 'SIGNED_IN', 20, null, now() from generate_series(0, 99) a",
    "insert into dispatch.routes (route_id, site_id, unit_id, created_at)
     select gen_random_uuid(), 'site-' || u, 'unit-' || u, now() from generate_series(0, 9) u",
    "insert into dispatch.work_orders
         (work_order_id, case_id, case_number, life, site_id, kind, channel, category, district, severity, state, unit_id,
          route_id, route_explanation, agent_id, report, evidence, verifier, rework_count, created_at, updated_at, version)
     select lpad(to_hex(n), 32, '0')::uuid, gen_random_uuid(), 'C-' || n, 1, r.site_id, 'FAULT', 'HOTLINE', '', '', 'NORMAL',
            case when n <= 98000 then 'COMPLETED' else 'ACCEPTED' end, r.unit_id, r.route_id, '', 'agent-' || n % 100,
            'done', '{photo}', case when n <= 98000 then 'agents/other' end, 0, now(), now(), 1
     from generate_series(1, 100000) n join dispatch.routes r on r.unit_id = 'unit-' || n % 100 / 10",
    "analyze dispatch.work_orders",
];

async fn plan(database: &TestDatabase, filter: &WorkOrderFilter) -> String {
    let pool = database.pool(SCHEMA.role).await;
    let explain = AssertSqlSafe(format!("explain {}", sql()));
    let lines = query(explain, filter, None, 51).fetch_all(&pool).await.unwrap();
    lines.iter().map(|line| line.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

/// 100,000 orders: what somebody has open is found without a walk through all they ever did.
#[tokio::test]
async fn what_an_agent_or_a_unit_has_open_is_read_without_their_history() {
    let database = TestDatabase::create(&[&SCHEMA]).await;
    let pool = database.pool(SCHEMA.role).await;
    for statement in HISTORY {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let accepted = || WorkOrderFilter { state: Some(WorkOrderState::Accepted), ..Default::default() };
    let of_agent = WorkOrderFilter { agent: Some(AgentId::parse("agent-7").unwrap()), ..accepted() };
    let of_unit = WorkOrderFilter { unit: Some(UnitId::parse("unit-7").unwrap()), ..accepted() };

    let (of_agent, of_unit) = (plan(&database, &of_agent).await, plan(&database, &of_unit).await);

    assert!(of_agent.contains("work_orders_agent_open_idx"), "{of_agent}");
    assert!(of_unit.contains("work_orders_unit_open_idx"), "{of_unit}");
}
