//! An S3 bucket as the destination, and credentials for it.

use machine_tests::{Machine, NIX};
use system_tests::expr;

const QUEUE: &str = "/var/lib/nix-post-build-push/main";
const PUSH: &str = "nix-post-build-push-main.service";

/// Debian builds its Nix without the part that signs requests. So the bucket that is pushed to is
/// open to everybody; and the nix that the service finds first is a script that, before it becomes
/// the real one, has Amazon's own library put an object into a bucket that is not.
const PRETENDER: &str = r#"#!/usr/bin/python3
import boto3, os, sys
if "copy" in sys.argv:
    closed = boto3.client("s3", endpoint_url="http://127.0.0.1:4712", region_name="eu-west-1")
    closed.put_object(Bucket="bucket", Key="signed", Body=b"by whom it was given")
os.execv("/usr/bin/nix", sys.argv)
"#;

/// Prints what is in that object, read with the same credentials.
const READ: &str = r#"
import boto3, os
os.environ["AWS_SHARED_CREDENTIALS_FILE"] = "/etc/secrets/aws"
closed = boto3.client("s3", endpoint_url="http://127.0.0.1:4712", region_name="eu-west-1")
print(closed.get_object(Bucket="bucket", Key="signed")["Body"].read().decode())
"#;

#[test]
fn a_push_to_s3_has_its_credentials_and_nobody_else_sees_them() {
    let machine = Machine::boot();
    machine.serve_s3(4711);
    machine.serve_s3_for_one_user(4712, "/etc/secrets/aws");
    machine.write("/opt/nix/bin/nix", PRETENDER);
    machine.sh("chmod 755 /opt/nix/bin/nix; chmod 700 /etc/secrets");
    let store = "s3://bucket?endpoint=http://127.0.0.1:4711&region=eu-west-1";
    machine.configure(&format!(
        r#"{{
          nix.package = {{ type = "derivation"; name = "nix"; outPath = "/opt/nix"; }};
          services.nix-post-build-push.queues.main = {{
            destination = "{store}";
            user = "pusher";
            group = "pusher";
            loadCredentials.aws-credentials = "/etc/secrets/aws";
            interval = "1 day";
          }};
        }}"#
    ));
    let built = machine.build(&expr::chain(2));
    let closure = machine.closure(&built);
    machine.start_unit(PUSH);
    assert_eq!(machine.queued(QUEUE), [].into());
    assert_eq!(machine.valid_in(store, &closure), closure);

    let top = built.first().expect("one");
    machine.sh(&format!(
        "{NIX} copy --no-check-sigs --from '{store}' --to /srv/fetched {top}"
    ));
    let content = |root: &str| machine.sh(&format!("cat {root}{top}")).stdout;
    assert_eq!(content("/srv/fetched"), content(""));

    let credentials = machine.sh("cat /etc/secrets/aws").stdout;
    let secret = credentials.trim_end().rsplit(' ').next().expect("a word");
    assert!(secret.len() > 20, "{credentials}");
    for place in [
        "journalctl --no-pager --output export".to_owned(),
        format!("systemctl show --all {PUSH}; systemctl cat {PUSH}"),
        format!(
            "grep -raF {secret} /nix/store /nix/var /etc/systemd /etc/nix-post-build-push /var/lib/nix-post-build-push || echo none"
        ),
    ] {
        machine.sh(&place).stdout_lacks(secret);
    }

    let object = machine.python(READ);
    assert_eq!(object, "by whom it was given\n");
    // The bucket that is closed lets nobody in who signs otherwise.
    machine.sh("sed -i 's/secret_access_key = ./secret_access_key = -/' /etc/secrets/aws");
    let refused = machine.build(&expr::file("refused", "hello"));
    machine.try_sh(&format!("systemctl start {PUSH}")).fails();
    assert_eq!(machine.queued(QUEUE), refused);
}
