//! Destinations by S3.

use camino::Utf8Path;
use system_tests::Run;

use crate::machine::Machine;

/// S3 servers in the machine.
impl Machine {
    /// Starts an S3 server on a port of the loopback, with an empty bucket `bucket` in which
    /// everybody may write.
    #[track_caller]
    pub fn serve_s3(&self, port: u16) {
        self.start_s3(port, "");
        let acl = "ACL='public-read-write'";
        self.python(&format!("{}\n{}", client(port), create_bucket(acl)));
    }

    /// Starts an S3 server that heeds signatures, and writes the credentials of its only user to a
    /// file that root alone can read.
    #[track_caller]
    pub fn serve_s3_for_one_user(&self, port: u16, credentials: impl AsRef<Utf8Path>) {
        // As many requests as it takes to make the bucket and the user.
        self.start_s3(port, "--setenv=INITIAL_NO_AUTH_ACTION_COUNT=4");
        let bucket = create_bucket("ACL='private'");
        let text = self.python(&format!("{}\n{bucket}\n{CREATE_USER}", client(port)));
        self.write_secret(credentials, &text);
    }

    fn start_s3(&self, port: u16, option: &str) {
        self.sh(&format!(
            "systemd-run --quiet --unit=s3-{port} {option} moto_server --host 127.0.0.1 --port {port}"
        ));
        self.wait_for_port(port);
    }

    /// Runs a Python script as root, and returns what it prints.
    #[track_caller]
    pub fn python(&self, script: &str) -> String {
        self.command("python3")
            .args(["-c", script])
            .run()
            .success()
            .stdout
    }
}

fn client(port: u16) -> String {
    format!(
        "import boto3, json
def client(service):
    return boto3.client(service, endpoint_url='http://127.0.0.1:{port}', region_name='eu-west-1',
                        aws_access_key_id='anybody', aws_secret_access_key='anything')"
    )
}

fn create_bucket(acl: &str) -> String {
    format!(
        "client('s3').create_bucket(
    Bucket='bucket', {acl}, CreateBucketConfiguration={{'LocationConstraint': 'eu-west-1'}})"
    )
}

const CREATE_USER: &str = "
iam = client('iam')
iam.create_user(UserName='pusher')
allowed = {'Effect': 'Allow', 'Action': 's3:*', 'Resource': '*'}
iam.put_user_policy(UserName='pusher', PolicyName='s3', PolicyDocument=json.dumps(
    {'Version': '2012-10-17', 'Statement': [allowed]}))
key = iam.create_access_key(UserName='pusher')['AccessKey']
print('[default]')
print('aws_access_key_id =', key['AccessKeyId'])
print('aws_secret_access_key =', key['SecretAccessKey'])";
