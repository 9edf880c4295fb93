//! Commands that need nothing running: help, tokens, doctor, mistakes.

use crate::support::Home;

#[test]
fn help_names_every_command_and_how_to_begin() {
    let help = Home::new("help").kexiang(&["--help"]).well().out;

    for word in
        ["up", "serve", "migrate", "key", "token", "import", "report", "doctor", "health", "Begin with"]
    {
        assert!(help.contains(word), "{word} in {help}");
    }
}

#[test]
fn every_command_explains_itself() {
    let home = Home::new("help-of-commands");

    for command in ["up", "serve", "migrate", "key", "token", "import", "report", "doctor", "health"] {
        assert!(home.kexiang(&[command, "--help"]).well().out.len() > 200, "{command}");
    }
    for service in ["intake", "dispatch", "customer-records", "reporting", "gateway"] {
        assert!(home.kexiang(&["serve", service, "--help"]).well().out.contains("--listen"), "{service}");
    }
}

#[test]
fn clients_without_a_running_kexiang_say_how_to_start_one() {
    let home = Home::new("nothing-runs");

    let answer = home.kexiang(&["report", "day"]);

    assert_eq!(answer.code, Some(1));
    assert!(answer.err.contains("start it with `kexiang up`"), "{answer:?}");
}

#[test]
fn a_token_without_a_key_says_who_makes_the_key() {
    let answer = Home::new("no-key").kexiang(&["token", "--role", "agent"]);

    assert_eq!(answer.code, Some(1));
    assert!(answer.err.contains("`kexiang up` and `kexiang key` make it"), "{answer:?}");
}

#[test]
fn a_key_is_made_once_and_its_public_half_printed() {
    let home = Home::new("key");

    let (first, second) = (home.kexiang(&["key"]).well().out, home.kexiang(&["key"]).well().out);
    let token = home.kexiang(&["token", "--role", "service", "--subject", "intake"]).well().out;

    assert_eq!(first, second);
    assert!(first.contains("\"keys\"") && first.contains("Ed25519") && !first.contains("\"d\""), "{first}");
    assert_eq!(token.trim().split('.').count(), 3, "{token}");
}

#[test]
fn an_unknown_role_is_refused_with_the_ones_there_are() {
    let answer = Home::new("no-role").kexiang(&["token", "--role", "king"]);

    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("roles are customer, agent"), "{answer:?}");
}

#[test]
fn doctor_finds_nothing_wrong_with_this_machine() {
    let answer = Home::new("doctor").kexiang(&["doctor", "--listen", "127.0.0.1:0"]).well();

    for word in ["PostgreSQL", "data directory", "disk", "port", "clock", "running"] {
        assert!(answer.out.contains(word), "{word} in {answer:?}");
    }
}

#[test]
fn doctor_fails_when_the_port_is_taken_and_says_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let answer = Home::new("doctor-port").kexiang(&["doctor", "--listen", &address]);

    assert_eq!(answer.code, Some(1));
    assert!(answer.out.contains(&format!("fail  port           {address}")), "{answer:?}");
    assert!(answer.out.contains("choose another with --listen"), "{answer:?}");
}

#[test]
fn shipped_profiles_can_be_printed_to_begin_with() {
    let profile =
        Home::new("print").kexiang(&["import", "--print-profile", "--profile", "kexiang"]).well().out;

    assert!(profile.contains("external_reference  required"), "{profile}");
}
