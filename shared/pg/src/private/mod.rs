//! The PostgreSQL of a newcomer who has none: made, started, kept alive and stopped by the program itself.
//!
//! Everything lies in one directory, its *home*: `data/` (the cluster), `server.log`, `lock` and the socket. The home is
//! 0700 and the server listens on that socket alone, so that it can trust whoever gets there. The program owns the home by a
//! lock; a second one on the same home is told so.
//!
//! Durability: `fsync`, `full_page_writes` and `synchronous_commit` are on: an answered commit outlives kill -9 of all
//! processes and loss of power. Only [`Options::scratch`], for tests, turns them off. Other settings may be changed in
//! `data/postgresql.conf`.
//!
//! At kill -9 of the program a watchdog stops the server, and holds the lock until it has. At kill -9 of the server a thread
//! starts it again. At kill -9 of all three, and after loss of power, the next start finds what is left, stops it if it still
//! runs, and lets PostgreSQL recover.
//!
//! | to see | read |
//! |---|---|
//! | where PostgreSQL's programs are | `binaries.rs` |
//! | as whom it runs: root becomes `postgres` | `account.rs` |
//! | home, socket and lock | `home.rs` |
//! | starting, waiting, stopping | `postmaster.rs`; remains of a former run: `remains.rs` |
//! | who stops it when nobody else can | `watchdog.rs` |

mod account;
mod binaries;
mod error;
mod home;
mod postmaster;
mod remains;
mod server;
mod watchdog;

pub use error::PrivateServerError;
pub use server::{Options, PrivateServer};
