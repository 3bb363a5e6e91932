# Secrets: they are read by systemd, and nothing of them is in the configuration.
{
  lib,
  evaluate,
  ours,
  test,
  queueOf,
  service,
  failing,
  ...
}:
let
  secrets = evaluate {
    users.users.cache = { };
    users.groups.cache = { };
    services.nix-post-build-push.queues = {
      plain.destination = "https://cache.example.org";
      hidden = {
        destination._secret = "/run/secrets/100%url";
        user = "cache";
        group = "cache";
      };
      s3 = {
        destination = "s3://bucket";
        environmentFile = "/run/secrets/100%.env";
        loadCredentials = {
          aws-credentials = "/run/secrets/aws";
          aws-config = "/etc/aws-config";
          netrc = "/run/secrets/netrc";
          own = "/run/secrets/own";
        };
      };
      ssh = {
        destination = "ssh-ng://host";
        sshKeyFile = "/run/secrets/key";
      };
    };
  };

  inheriting = ours {
    defaults = {
      environmentFile = "/run/secrets/env";
      loadCredentials.netrc = "/run/secrets/netrc";
      sshKeyFile = "/run/secrets/key";
    };
    queues.all.destination = "https://cache.example.org";
    queues.none = {
      destination = "https://cache.example.org";
      environmentFile = null;
      loadCredentials = { };
      sshKeyFile = null;
    };
  };

  config = case: name: (service case name).serviceConfig;
  given = case: name: [
    ((config case name).LoadCredential or [ ])
    ((config case name).EnvironmentFile or null)
    (removeAttrs (service case name).environment [
      "NIX_REMOTE"
      "XDG_CACHE_HOME"
    ])
  ];
  sshOptions = "-i %d/ssh-key -o IdentitiesOnly=yes -o BatchMode=yes";
in
{
  cases = {
    inherit secrets;
    inheritedSecrets = inheriting;
  };

  tests = {
    test_people_have_the_file_of_the_secret = test (queueOf secrets "hidden").destination {
      file = "/run/secrets/100%url";
    };

    test_a_service_has_the_secret_as_a_credential =
      test
        [
          (given secrets "hidden")
          (lib.hasSuffix " push --queue=hidden --destination-file=%d/destination" (config secrets "hidden")
          .ExecStart)
        ]
        [
          [
            [ "destination:/run/secrets/100%%url" ]
            null
            { }
          ]
          true
        ];

    test_a_service_without_secrets_has_no_credentials = test (given secrets "plain") [
      [ ]
      null
      { }
    ];

    test_nix_is_told_of_the_credentials_that_it_knows = test (given secrets "s3") [
      [
        "aws-config:/etc/aws-config"
        "aws-credentials:/run/secrets/aws"
        "netrc:/run/secrets/netrc"
        "own:/run/secrets/own"
      ]
      "/run/secrets/100%%.env"
      {
        AWS_CONFIG_FILE = "%d/aws-config";
        AWS_SHARED_CREDENTIALS_FILE = "%d/aws-credentials";
        NIX_POST_BUILD_PUSH_NIX_OPTS = "--netrc-file %d/netrc";
      }
    ];

    test_ssh_has_its_key_as_a_credential_and_tries_no_other = test (given secrets "ssh") [
      [ "ssh-key:/run/secrets/key" ]
      null
      { NIX_SSHOPTS = sshOptions; }
    ];

    test_credentials_are_inherited_unless_a_queue_has_others =
      test
        (map (given inheriting) [
          "all"
          "none"
        ])
        [
          [
            [
              "netrc:/run/secrets/netrc"
              "ssh-key:/run/secrets/key"
            ]
            "/run/secrets/env"
            {
              NIX_POST_BUILD_PUSH_NIX_OPTS = "--netrc-file %d/netrc";
              NIX_SSHOPTS = sshOptions;
            }
          ]
          [
            [ ]
            null
            { }
          ]
        ];

    test_secrets_outside_the_store_are_fine = test (failing secrets ++ secrets.warnings) [ ];
  };
}
