//! Each configuration of docs/destinations.md and docs/queues.md, as it stands there, on a machine where
//! the names in it mean servers of its own; and what a client fetches from there, whose signatures it
//! checks.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use machine_tests::{Machine, NIX, between, blocks, page};
use system_tests::{expr, wait_until};

const QUEUES: &str = "/var/lib/nix-post-build-push";

/// The part of a page below a heading, up to the next one.
fn section_of(file: &str, heading: &str) -> String {
    let page = page(file) + "\n## ";
    between(&page, &format!("\n## {heading}\n"), "\n## ").to_owned()
}

fn section(heading: &str) -> String {
    section_of("docs/destinations.md", heading)
}

/// The blocks in a section of docs/queues.md.
fn of_queues(heading: &str, language: &str) -> Vec<String> {
    let found = blocks(&section_of("docs/queues.md", heading), language);
    assert!(!found.is_empty(), "{heading}");
    found
}

fn configurations(heading: &str) -> Vec<String> {
    let found = blocks(&section(heading), "toml");
    assert!(!found.is_empty(), "{heading}");
    found
}

fn only(heading: &str) -> String {
    let [configuration] = configurations(heading)
        .try_into()
        .unwrap_or_else(|found| panic!("{heading}: {found:?}"));
    configuration
}

/// What the page tells to do to make a key, to sign with it, and to sign what is there.
fn signing() -> [String; 3] {
    let found = blocks(&section("Signing"), "sh");
    found.try_into().expect("three blocks")
}

/// A machine with our programs and hook, that signs what it builds as the page tells to.
fn machine() -> Machine {
    let machine = Machine::boot();
    machine.sh(
        "ln -s /programs/nix-post-build-push /programs/nix-post-build-push-hook /usr/local/bin/",
    );
    machine.set_nix_conf("post-build-hook = /usr/local/bin/nix-post-build-push-hook");
    machine.add_sudo();
    let [key, sign, _] = signing();
    // Whoever does so twice does no harm; and not each nix.conf ends with a line's end.
    machine.sh(&format!(
        "{key}sha256sum /etc/nix/*-key >/tmp/keys; {key}sha256sum --quiet --check /tmp/keys
         truncate --size=-1 /etc/nix/nix.conf
         {sign}"
    ));
    machine
}

/// Configures, builds, pushes as root, and returns what has to be at the destinations then.
#[track_caller]
fn push(machine: &Machine, configuration: &str) -> BTreeSet<Utf8PathBuf> {
    machine.write("/etc/nix-post-build-push/config.toml", configuration);
    machine.sh("nix-post-build-push config check");
    let built = machine.build(&expr::chain(3));
    let queued = machine.sh("nix-post-build-push list");
    assert!(!queued.lines().is_empty());
    // Where Nix sees no way to the Internet, it waits for each answer a second alone.
    machine.sh("nix-post-build-push push --until-empty --deadline 5m --retry-delay 1s");
    machine.sh(&format!("test -z \"$(find {QUEUES} -maxdepth 2 -type l)\""));
    machine.closure(&built)
}

/// A client that trusts our key alone fetches all of it. Where Nix sees no way to the Internet, it would wait
/// for a server a second alone.
#[track_caller]
fn can_be_fetched(machine: &Machine, store: &str, paths: &BTreeSet<Utf8PathBuf>) {
    let paths: Vec<_> = paths.iter().map(|path| path.as_str()).collect();
    machine.sh(&format!(
        "{NIX} copy --from '{store}' --to /srv/client --option require-sigs true --option connect-timeout 60 \
             --option trusted-public-keys \"$(cat /etc/nix/public-key)\" {}
         rm -rf /srv/client",
        paths.join(" ")
    ));
}

#[test]
fn a_directory_as_a_binary_cache() {
    let machine = machine();
    let all = push(&machine, &only("A directory as a binary cache"));
    can_be_fetched(&machine, "file:///srv/cache", &all);
}

#[test]
fn a_chroot_store() {
    let machine = machine();
    let all = push(&machine, &only("A chroot store"));
    assert_eq!(machine.valid_in("/srv/chroot", &all), all);
}

#[test]
fn another_machine() {
    let machine = machine();
    let configurations = configurations("Another machine");
    assert_eq!(configurations.len(), 2);
    machine.accept_ssh("builder", "/root/.ssh/id_ed25519", &["cache.example.org"]);
    // This machine has everything, so over there it shall be another store; its owner trusts our key.
    machine.force_ssh_command(
        "builder",
        "NIX_REMOTE=/srv/remote exec $SSH_ORIGINAL_COMMAND\n",
    );
    machine.sh("echo trusted-public-keys = $(cat /etc/nix/public-key) >>/etc/nix/nix.conf");
    let reach = blocks(&section("Another machine"), "sh").concat();
    machine.sh(&reach).stdout_has("nix-store (Nix)");
    for (configuration, scheme) in configurations.iter().zip(["ssh-ng", "ssh"]) {
        assert!(configuration.contains(&format!("\"{scheme}://")));
        machine.sh("nix-store --gc; rm -rf /srv/remote; install -d -o builder /srv/remote");
        let all = push(&machine, configuration);
        assert_eq!(machine.valid_in("/srv/remote", &all), all, "{scheme}");
    }
}

#[test]
fn a_web_server() {
    let machine = machine();
    let text = section("A web server");
    let (server, netrc) = (&blocks(&text, "nginx")[0], &blocks(&text, "netrc")[0]);
    let [here, there] = blocks(&text, "sh").try_into().expect("two blocks");
    // What has to be there: a configuration, and the name with its certificate.
    machine.write("/etc/nix-post-build-push/config.toml", "");
    machine.sh("echo 127.0.0.1 cache.example.org >>/etc/hosts");
    certify(&machine, "/etc/nginx/cache", &["cache.example.org"]);

    machine.add_editor(&format!("cat >$1 <<'END'\n{netrc}END"));
    machine.sh(&here);
    machine.sh("test $(stat --format %a /etc/nix-post-build-push/netrc) = 600");
    machine.write("/etc/nginx/conf.d/cache.conf", server);
    // It would ask for the password.
    let there = there
        .replace(" -B ", " -bB ")
        .replace(" builder\n", " builder open-sesame\n");
    machine.sh(&there);
    let all = push(&machine, &only("A web server"));
    can_be_fetched(&machine, "https://cache.example.org/nix", &all);
    // Without the password nothing is taken.
    machine
        .try_sh("curl --fail --silent --upload-file /etc/hosts https://cache.example.org/nix/x")
        .exits(22);
}

#[test]
fn a_bucket() {
    let machine = machine();
    let configurations = configurations("A bucket");
    serve_s3_by_tls(&machine);
    for (configuration, host) in configurations
        .iter()
        .zip(["", "&endpoint=https://s3.example.org"])
    {
        machine.sh("nix-store --gc");
        let all = push(&machine, configuration);
        let store = format!("s3://my-cache?region=eu-west-1{host}");
        can_be_fetched(&machine, &store, &all);
    }
}

fn sign_no_more(machine: &Machine) {
    machine.sh("sed -i /secret-key-files/d /etc/nix/nix.conf; systemctl restart nix-daemon");
}

#[test]
fn what_was_built_before_is_signed_afterwards() {
    let machine = machine();
    sign_no_more(&machine);
    let built = machine.build(&expr::chain(2));
    let all = machine.closure(&built);
    let [_, _, sign] = signing();
    machine.sh(&format!(
        "ln -s {} result; {sign} {NIX} copy --to file:///srv/cache ./result",
        built.first().expect("one")
    ));
    can_be_fetched(&machine, "file:///srv/cache", &all);
}

#[test]
fn on_nixos_the_builder_signs_and_the_client_trusts() {
    let machine = machine();
    sign_no_more(&machine);
    let [builder, client] = blocks(&section("Signing"), "nix")
        .try_into()
        .expect("two blocks");
    let queue = r#"{ services.nix-post-build-push.queues.main = { destination = "file:///srv/cache"; interval = "1 day"; }; }"#;
    machine.configure(&format!("{{ imports = [ {builder} {queue} ]; }}"));
    let built = machine.build(&expr::chain(2));
    let all = machine.closure(&built);
    machine.start_unit("nix-post-build-push-main.service");
    can_be_fetched(&machine, "file:///srv/cache", &all);
    let rendered = machine.evaluate(&client);
    let nix_conf = rendered["nixConf"].as_str().expect("nixConf");
    assert!(
        nix_conf.contains("trusted-public-keys = cache.example.org-1:"),
        "{nix_conf}"
    );
}

#[test]
fn a_destination_with_a_secret_in_it() {
    let machine = machine();
    machine.write_secret("/etc/nix-post-build-push/cache-url", "file:///srv/hidden\n");
    let all = push(&machine, &only("A destination with a secret in it"));
    can_be_fetched(&machine, "file:///srv/hidden", &all);
}

#[test]
fn more_than_one_destination() {
    let machine = machine();
    accept_another_store(&machine, "cache.lan");
    serve_s3_by_tls(&machine);
    let all = push(&machine, &of_queues("More than one destination", "toml")[0]);
    assert_eq!(machine.valid_in("/srv/remote", &all), all);
    can_be_fetched(&machine, "s3://my-cache?region=eu-west-1", &all);
}

#[test]
fn what_to_copy_and_how_much_may_wait() {
    let machine = machine();
    accept_another_store(&machine, "cache.example.org");
    for heading in ["What to copy", "How much may wait"] {
        machine.sh("nix-store --gc; rm -rf /srv/remote");
        let all = push(&machine, &of_queues(heading, "toml")[0]);
        assert_eq!(machine.valid_in("/srv/remote", &all), all, "{heading}");
    }
}

#[test]
fn to_pause_a_queue_and_to_remove_it() {
    let machine = machine();
    accept_another_store(&machine, "cache.example.org");
    machine.sh("cp /checkout/contrib/systemd/*@.* /etc/systemd/system/");
    machine.write(
        "/etc/systemd/system/nix-post-build-push@main.timer.d/often.conf",
        "[Timer]\nOnActiveSec=1s\nRandomizedDelaySec=0\n",
    );
    let off = &of_queues("To pause a queue", "toml")[0];
    let on = off.replace("enable = false", "enable = true");
    machine.write("/etc/nix-post-build-push/config.toml", &on);
    machine.sh("systemctl enable --now nix-post-build-push@main.timer");

    let pause = &of_queues("To pause a queue", "sh")[0];
    let (stop, start) = pause.split_once("\n").expect("two commands");
    machine.sh(stop);
    let timer = "systemctl is-active nix-post-build-push@main.timer";
    machine.try_sh(timer).fails();
    machine.wait_for_rest();
    let built = machine.build(&expr::independent(1));
    assert_eq!(machine.queued(&format!("{QUEUES}/main")), built);
    machine.sh("nix-build --option post-build-hook '' --no-out-link -E 'derivation { name = \"alone\"; \
         system = builtins.currentSystem; builder = \"/bin/sh\"; args = [ \"-c\" \"echo > $out\" ]; }'");
    assert_eq!(machine.queued(&format!("{QUEUES}/main")), built);
    machine.sh(start);
    wait_until("the push", || {
        machine.queued(&format!("{QUEUES}/main")).is_empty()
    });

    machine.sh(stop);
    let left = machine.build(&expr::file("left", "hello"));
    machine.write("/etc/nix-post-build-push/config.toml", off);
    machine.build(&expr::file("not-queued", "hello"));
    assert_eq!(machine.queued(&format!("{QUEUES}/main")), left);
    let remove = &of_queues("To remove a queue", "sh")[0];
    machine.sh(remove.lines().next().expect("the push"));
    assert_eq!(machine.queued(&format!("{QUEUES}/main")), [].into());
    assert_eq!(machine.valid_in("/srv/remote", &left), left);
    machine.sh(remove);
}

/// This machine has everything, so for a destination `ssh-ng://` there is another store in it, which trusts
/// our key.
fn accept_another_store(machine: &Machine, host: &str) {
    machine.accept_ssh("root", "/root/.ssh/id_ed25519", &[host]);
    machine.force_ssh_command(
        "root",
        "NIX_REMOTE=/srv/remote exec $SSH_ORIGINAL_COMMAND\n",
    );
    machine.sh("echo trusted-public-keys = $(cat /etc/nix/public-key) >>/etc/nix/nix.conf");
}

/// Amazon's S3, where a bucket has a name of its own below Amazon's, and another one, where it has not.
/// Both have an open bucket `my-cache`: Debian builds its Nix without the part that signs requests.
fn serve_s3_by_tls(machine: &Machine) {
    machine.sh(
        "echo 127.0.0.1 s3.eu-west-1.amazonaws.com my-cache.s3.eu-west-1.amazonaws.com >>/etc/hosts
         echo 127.0.0.2 s3.example.org >>/etc/hosts",
    );
    certify(
        machine,
        "/srv/s3",
        &[
            "s3.example.org",
            "*.eu-west-1.amazonaws.com",
            "*.s3.eu-west-1.amazonaws.com",
        ],
    );
    for (address, option, endpoint) in [
        ("127.0.0.1", "", "https://s3.eu-west-1.amazonaws.com"),
        (
            "127.0.0.2",
            "--setenv=S3_IGNORE_SUBDOMAIN_BUCKETNAME=true",
            "https://s3.example.org",
        ),
    ] {
        machine.sh(&format!(
            "systemd-run --quiet --unit=s3-{address} {option} \
                 moto_server --host {address} --port 443 --ssl-cert /srv/s3.crt --ssl-key /srv/s3.key"
        ));
        let answers = format!("curl --silent --output /dev/null {endpoint}");
        wait_until(endpoint, || machine.try_sh(&answers).code == 0);
        machine.python(&create_bucket(endpoint));
    }
}

/// A certificate for these names that the machine believes, in `FILE.crt`, and its key in `FILE.key`.
fn certify(machine: &Machine, file: &str, names: &[&str]) {
    let names: Vec<_> = names.iter().map(|name| format!("DNS:{name}")).collect();
    machine.sh(&format!(
        "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=test \\
             -addext 'subjectAltName={}' -keyout {file}.key -out {file}.crt 2>/dev/null
         cat {file}.crt >>/etc/ssl/certs/ca-certificates.crt",
        names.join(",")
    ));
}

fn create_bucket(endpoint: &str) -> String {
    format!(
        "import boto3
s3 = boto3.client('s3', endpoint_url='{endpoint}', region_name='eu-west-1', verify='/srv/s3.crt',
                  aws_access_key_id='anybody', aws_secret_access_key='anything')
s3.create_bucket(Bucket='my-cache', ACL='public-read-write',
                 CreateBucketConfiguration={{'LocationConstraint': 'eu-west-1'}})"
    )
}
