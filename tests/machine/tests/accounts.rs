//! A push that is no business of root's, and what it may do.

use std::collections::BTreeSet;

use machine_tests::Machine;
use system_tests::{expr, wait_until};

#[test]
fn an_ordinary_account_pushes_under_the_full_hardening() {
    let machine = Machine::boot();
    machine.accept_ssh("receiver", "/etc/secrets/key", &["cache.example.org"]);
    machine.write_secret(
        "/etc/secrets/url",
        "ssh://receiver@cache.example.org?remote-store=/srv/hidden\n",
    );
    machine.sh("chmod 700 /etc/secrets; install -d -o receiver /srv/hidden");
    machine.configure(
        r#"{
          services.nix-post-build-push = {
            defaults = {
              user = "pusher";
              group = "pusher";
              sshKeyFile = "/etc/secrets/key";
              interval = "2s";
            };
            queues = {
              remote.destination = "ssh://receiver@cache.example.org?remote-store=/srv/remote";
              daemon.destination = "ssh-ng://receiver@cache.example.org?remote-store=/srv/daemon";
              daemon.checkSigs = false;
              hidden.destination._secret = "/etc/secrets/url";
              cache.destination = "file:///srv/cache";
              chroot.destination = "/srv/chroot";
              chroot.checkSigs = false;
            };
          };
        }"#,
    );
    machine.sh("install -d -o receiver /srv/daemon");
    let built = machine.build(&expr::chain(2));
    let closure = machine.closure(&built);
    for (queue, store) in [
        ("remote", "/srv/remote"),
        ("daemon", "/srv/daemon"),
        ("hidden", "/srv/hidden"),
        ("cache", "file:///srv/cache"),
        ("chroot", "/srv/chroot"),
    ] {
        let directory = format!("/var/lib/nix-post-build-push/{queue}");
        wait_until(&format!("the push of {queue}"), || {
            machine.queued(&directory).is_empty()
        });
        assert_eq!(machine.valid_in(store, &closure), closure, "{queue}");
        let service = format!("nix-post-build-push-{queue}.service");
        assert_eq!(machine.property(&service, "User"), "pusher");
        assert_eq!(
            machine.sh(&format!("stat -c %U {directory}")).stdout,
            "pusher\n"
        );
    }
    let journal = machine.journal("nix-post-build-push-hidden.service");
    assert!(!journal.contains("/srv/hidden"), "{journal}");
}

#[test]
fn a_queue_is_given_to_another_account_and_back() {
    let machine = Machine::boot();
    machine.accept_ssh("receiver", "/etc/secrets/key", &["cache.example.org"]);
    let mut built = BTreeSet::new();
    for (number, account) in ["root", "pusher", "root"].into_iter().enumerate() {
        machine.configure(&format!(
            r#"{{
              services.nix-post-build-push.queues.main = {{
                destination = "ssh://receiver@cache.example.org?remote-store=/srv/remote";
                sshKeyFile = "/etc/secrets/key";
                user = "{account}";
                group = "{account}";
              }};
            }}"#
        ));
        built.extend(machine.build(&expr::file(&format!("path-{number}"), "hello")));
        machine.start_unit("nix-post-build-push-main.service");
        let left = machine.queued("/var/lib/nix-post-build-push/main");
        assert_eq!(left, [].into(), "{account}");
    }
    assert_eq!(machine.valid_in("/srv/remote", &built), built);
}

/// As a web server's account, which has its files in an order of its own.
#[test]
fn root_pushes_into_directories_of_others() {
    let machine = Machine::boot();
    machine.sh("install -d -o alice -m 755 /srv/cache; install -d -o alice -m 755 /srv/chroot");
    machine.configure(
        r#"{
          services.nix-post-build-push.queues = {
            cache.destination = "file:///srv/cache";
            chroot.destination = "/srv/chroot";
            chroot.checkSigs = false;
          };
        }"#,
    );
    let built = machine.build(&expr::chain(2));
    let closure = machine.closure(&built);
    for (queue, store) in [("cache", "file:///srv/cache"), ("chroot", "/srv/chroot")] {
        machine.start_unit(&format!("nix-post-build-push-{queue}.service"));
        assert_eq!(machine.valid_in(store, &closure), closure, "{queue}");
        let owner = machine.sh(&format!("stat -c %U /srv/{queue}"));
        assert_eq!(owner.stdout, "alice\n");
    }
}

#[test]
fn a_destination_or_a_queue_may_be_a_temporary_directory() {
    let machine = Machine::boot();
    machine.configure(
        r#"{
          services.nix-post-build-push.queues = {
            cache.destination = "file:///var/tmp/cache";
            account = {
              destination = "file:///tmp/cache";
              user = "pusher";
              group = "pusher";
            };
            queue = {
              destination = "file:///srv/cache";
              queueDir = "/tmp/queue";
            };
          };
        }"#,
    );
    let built = machine.build(&expr::chain(2));
    for (queue, store) in [
        ("cache", "file:///var/tmp/cache"),
        ("account", "file:///tmp/cache"),
        ("queue", "file:///srv/cache"),
    ] {
        machine.start_unit(&format!("nix-post-build-push-{queue}.service"));
        assert_eq!(machine.valid_in(store, &built), built, "{queue}");
    }
}

/// Of each kind of destination, once as root and once not.
#[test]
fn every_service_is_graded_safe_and_no_unit_has_a_fault() {
    let machine = Machine::boot();
    let configured = machine.configure(
        r#"{
          services.nix-post-build-push.queues = builtins.listToAttrs (builtins.concatMap (user: map ({ kind, ... }@queue: {
            name = "${user}-${kind}";
            value = removeAttrs queue [ "kind" ] // {
              inherit user;
              group = user;
              pushOnEnqueue = true;
              sshKeyFile = "/etc/secrets/key";
            };
          }) [
            { kind = "ssh"; destination = "ssh://cache.example.org"; }
            { kind = "ssh-ng"; destination = "ssh-ng://cache.example.org"; }
            { kind = "s3"; destination = "s3://bucket"; loadCredentials.aws-credentials = "/etc/secrets/aws"; }
            { kind = "https"; destination = "https://cache.example.org"; loadCredentials.netrc = "/etc/secrets/netrc"; }
            { kind = "file"; destination = "file:///srv/cache"; }
            { kind = "chroot"; destination = "/srv/chroot"; }
            { kind = "secret"; destination._secret = "/etc/secrets/url"; }
            { kind = "environment"; destination = "ssh://cache.example.org"; environmentFile = "/etc/secrets/environment"; }
          ]) [ "root" "pusher" ]);
        }"#,
    );
    let services: Vec<&String> = configured
        .units
        .iter()
        .filter(|unit| unit.ends_with(".service"))
        .collect();
    // A push and a gathering one for each queue.
    assert_eq!(services.len(), 32);
    let exposed: Vec<_> = services
        .into_iter()
        .map(|service| (service, machine.exposure(service)))
        .filter(|(_, tenths)| *tenths > 20)
        .collect();
    assert_eq!(exposed, []);
    let units = configured.units.join(" ");
    machine
        .sh(&format!("systemd-analyze verify --man=no {units}"))
        .is_silent();
}
