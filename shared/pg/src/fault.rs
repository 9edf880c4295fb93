//! What a failed statement means to those above: gone for now, in each other's way, or a bug.

/// The three answers a service can give to a failed statement; which gRPC code each becomes is its `status.rs`'s matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The server is away, starting, stopping or full: the same call may succeed later. Whether an interrupted commit took
    /// place is unknown; a repetition with the same request id finds out.
    Unavailable,
    /// Two transactions were in each other's way (40001, 40P01); nothing was written, the call may be repeated at once.
    Conflict,
    /// Anything else: a constraint the caller knows by name, or a bug.
    Other,
}

/// Sorts an error of the driver; it neither logs nor reads more than the code.
#[must_use]
pub fn classify(error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Fault::Unavailable,
        sqlx::Error::Database(error) => error.code().map_or(Fault::Other, |code| of_sqlstate(&code)),
        _ => Fault::Other,
    }
}

fn of_sqlstate(code: &str) -> Fault {
    match code {
        "40001" | "40P01" => Fault::Conflict,
        // Shut down or restarted by the administrator, crashed, still starting; a statement that took too long; idle too long
        // in a transaction; read only because a standby has not been promoted yet; no connection, no memory, no disk left.
        "57014" | "57P01" | "57P02" | "57P03" | "25P03" | "25006" => Fault::Unavailable,
        _ if code.starts_with("08") || code.starts_with("53") => Fault::Unavailable,
        _ => Fault::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_away_is_unavailable() {
        assert_eq!(classify(&sqlx::Error::PoolTimedOut), Fault::Unavailable);
        assert_eq!(
            classify(&std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()),
            Fault::Unavailable
        );
        for code in ["57014", "57P01", "53300", "08006"] {
            assert_eq!(of_sqlstate(code), Fault::Unavailable, "{code}");
        }
    }

    #[test]
    fn only_serialisation_and_deadlock_are_conflicts() {
        assert_eq!(of_sqlstate("40001"), Fault::Conflict);
        assert_eq!(of_sqlstate("40P01"), Fault::Conflict);
        assert_eq!(of_sqlstate("23505"), Fault::Other);
        assert_eq!(classify(&sqlx::Error::RowNotFound), Fault::Other);
    }
}
