//! Is a Kexiang running on the data directory, and does it take the administrator's token?

use kexiang_proto::intake_v1::ListSitesRequest;
use tonic::Code;

use super::Finding;
use crate::{client::Client, data_dir::DataDir, endpoints::Endpoints};

/// Looks at the running instance; a single line when there is none.
pub async fn examine(dir: &DataDir) -> Vec<Finding> {
    match (dir.is_in_use(), dir.endpoints()) {
        (false, Err(_)) => {
            vec![Finding::ok("running", "no Kexiang on this data directory; `kexiang up` starts one")]
        }
        (false, Ok(_)) => vec![Finding::warn(
            "running",
            "the last Kexiang on this data directory did not stop cleanly",
            "nothing to do: what was accepted is in PostgreSQL, and `kexiang up` goes on from there",
        )],
        (true, Err(_)) => vec![Finding::warn(
            "running",
            "a Kexiang is starting on this data directory",
            "look again in some seconds",
        )],
        (true, Ok(endpoints)) => ask(dir, &endpoints).await,
    }
}

async fn ask(dir: &DataDir, endpoints: &Endpoints) -> Vec<Finding> {
    let advice = "look at what `kexiang up` printed; stop it and start it again";
    let mut client = match Client::connect(endpoints, &dir.admin_token()).await {
        Ok(client) => client,
        Err(error) => return vec![Finding::fail("running", format!("{error:#}"), advice)],
    };
    let running =
        Finding::ok("running", format!("all services answer; the gateway is {}", endpoints.gateway));
    let answer = client.intake.list_sites(ListSitesRequest { page_size: 1, page_token: String::new() }).await;
    let token = match answer {
        Ok(_) => Finding::ok("token", format!("{} is taken", dir.admin_token().display())),
        Err(status) if matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied) => {
            Finding::fail(
                "token",
                format!("{} is refused: {}", dir.admin_token().display(), status.message()),
                "start `kexiang up` again: each start writes a fresh one",
            )
        }
        Err(status) => {
            Finding::fail("token", format!("intake answers {}: {}", status.code(), status.message()), advice)
        }
    };
    vec![running, token]
}
