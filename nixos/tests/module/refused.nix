# What is refused, and the words for it.
{
  lib,
  ours,
  main,
  test,
  queueOf,
  failing,
  ...
}:
let
  ofUs = "services.nix-post-build-push";
  inStore = name: "${builtins.storeDir}/00000000000000000000000000000000-${name}";
  readable =
    option: name:
    "${option} is ${inStore name}, in the Nix store, where everybody can read it. Name a file outside of it, as a string: \"/run/secrets/…\".";
  two =
    one: other:
    failing (ours {
      queues = { inherit one other; };
    });
  sameDirectory =
    option: other: directory:
    "${option} and ${other} are the same directory, ${directory}: every queue needs one of its own.";

  sameName =
    one: other:
    "${ofUs}.queues.${one}.name and ${ofUs}.queues.${other}.name are both \"${one}\": every queue needs a name of its own.";
  wrongName =
    queue: name:
    "${ofUs}.queues.${queue}.name is \"${name}\": the name of a queue has 1 to 64 letters, digits, `_`, `.` and `-`, the first neither `.` nor `-`.";
  relativeDirectory =
    queue:
    "${ofUs}.queues.${queue}.settings.queue-dir is \"srv/queue\", which is not an absolute path.";

  nameOf =
    name:
    failing (main {
      inherit name;
      destination = "daemon";
    });
in
{
  tests = {
    test_no_secret_may_be_in_the_store =
      test
        (failing (ours {
          queues.main = {
            destination._secret = inStore "url";
            environmentFile = inStore "env";
            loadCredentials."my.netrc" = inStore "netrc";
            sshKeyFile = inStore "key";
          };
        }))
        [
          (readable "${ofUs}.queues.main.environmentFile" "env")
          (readable "${ofUs}.queues.main.sshKeyFile" "key")
          (readable "${ofUs}.queues.main.loadCredentials.\"my.netrc\"" "netrc")
          (readable "${ofUs}.queues.main.destination._secret" "url")
        ];

    test_no_password_may_be_in_the_store =
      test
        (lib.concatMap
          (
            destination:
            failing (main {
              inherit destination;
            })
          )
          [
            "https://me:secret@host/cache"
            "https://me@host:8080/cache"
            "ssh-ng://account@host:22?remote-store=/srv/store"
            "s3://bucket?endpoint=https://host:9000"
          ]
        )
        [
          "${ofUs}.queues.main.destination has a password in it, which everybody could read in the Nix store: write it to a file, and name that as `_secret`."
        ];

    test_a_credential_is_one_that_systemd_loads =
      test
        (failing (main {
          destination._secret = "/run/my secrets/url";
          sshKeyFile = "/run/my secrets/key";
          loadCredentials."a/b" = "/run/secrets/b";
          loadCredentials.fine_0-1 = "/run/100%:secrets/c";
        }))
        [
          "${ofUs}.queues.main.loadCredentials.\"a/b\": the name of a credential has letters, digits, `_`, `.` and `-`."
          "${ofUs}.queues.main.sshKeyFile is \"/run/my secrets/key\": systemd takes no credential from a path with a blank in it."
          "${ofUs}.queues.main.destination._secret is \"/run/my secrets/url\": systemd takes no credential from a path with a blank in it."
        ];

    test_no_queue_may_be_within_another =
      test
        [
          (two
            {
              destination = "daemon";
              queueDir = "/srv/queue";
            }
            {
              destination = "auto";
              queueDir = "/srv/queue/./more";
            }
          )
          (two
            {
              destination = "daemon";
              queueDir = "/srv/queue";
            }
            {
              destination = "auto";
              queueDir = "/srv/queue-2";
            }
          )
        ]
        [
          [
            "${ofUs}.queues.other.queueDir is /srv/queue/./more, within /srv/queue, which is ${ofUs}.queues.one.queueDir: no queue may be within another."
          ]
          [ ]
        ];

    test_no_secret_of_settings_may_be_in_the_store =
      test
        [
          (failing (main {
            settings.destination.file = inStore "url";
          }))
          (failing (ours {
            queues.main = { };
            settings.queues.main.destination.file = inStore "url";
          }))
        ]
        [
          [ (readable "${ofUs}.queues.main.settings.destination.file" "url") ]
          [ (readable "${ofUs}.settings.queues.main.destination.file" "url") ]
        ];

    test_a_secret_of_the_defaults_is_named_once_and_there = test (failing (ours {
      defaults.sshKeyFile = inStore "key";
      queues.main.destination = "ssh://host";
      queues.other.destination = "ssh://host";
    })) [ (readable "${ofUs}.defaults.sshKeyFile" "key") ];

    test_two_queues_may_not_have_one_directory =
      test
        [
          (two
            {
              destination = "daemon";
              queueDir = "/srv/queue";
            }
            {
              destination = "auto";
              queueDir = "/srv/./queue//";
            }
          )
          (two { destination = "daemon"; } {
            destination = "auto";
            settings.queue-dir = "/var/lib/nix-post-build-push/one";
          })
        ]
        [
          [ (sameDirectory "${ofUs}.queues.one.queueDir" "${ofUs}.queues.other.queueDir" "/srv/queue") ]
          [
            (sameDirectory "${ofUs}.queues.one.queueDir" "${ofUs}.queues.other.settings.queue-dir"
              "/var/lib/nix-post-build-push/one"
            )
          ]
        ];

    test_a_disabled_queue_may_have_the_directory_of_another = test (two { destination = "daemon"; } {
      enable = false;
      destination = "auto";
      queueDir = "/var/lib/nix-post-build-push/one";
    }) [ ];

    test_a_disabled_queue_may_not_have_the_name_of_another = test (two { destination = "daemon"; } {
      enable = false;
      name = "one";
    }) [ (sameName "one" "other") ];

    # The program reads them too.
    test_the_name_and_the_directory_of_a_disabled_queue_have_to_be_right =
      test
        (two { destination = "daemon"; } {
          enable = false;
          name = "a@b";
          settings.queue-dir = "srv/queue";
        })
        [
          (wrongName "other" "a@b")
          (relativeDirectory "other")
        ];

    test_a_disabled_queue_is_looked_at_even_if_it_is_the_only_one = test (failing (ours {
      queues."a b".enable = false;
    })) [ (wrongName "\"a b\"" "a b") ];

    test_two_queues_may_not_have_one_name = test (two { destination = "daemon"; } {
      name = "one";
      destination = "auto";
      queueDir = "/srv/other";
    }) [ (sameName "one" "other") ];

    test_a_name_has_only_harmless_characters =
      test
        (map nameOf [
          "A-b_c.9"
          "a@b"
          "a/b"
          "a b"
          ".a"
          "-a"
          "a123456789b123456789c123456789d123456789e123456789f123456789g123"
          "a123456789b123456789c123456789d123456789e123456789f123456789g1234"
        ])
        (
          map (name: lib.optional (name != null) (wrongName "main" name)) [
            null
            "a@b"
            "a/b"
            "a b"
            ".a"
            "-a"
            null
            "a123456789b123456789c123456789d123456789e123456789f123456789g1234"
          ]
        );

    test_a_relative_directory_is_refused = test (failing (main {
      destination = "daemon";
      settings.queue-dir = "srv/queue";
    })) [ (relativeDirectory "main") ];

    test_a_relative_destination_is_refused =
      test
        (lib.concatMap
          (
            destination:
            failing (main {
              inherit destination;
            })
          )
          [
            "./store"
            "cache/dir?compression=none"
            "file://cache"
          ]
        )
        (
          map
            (
              destination:
              "${ofUs}.queues.main.destination is \"${destination}\", which is neither a store URI nor an absolute path."
            )
            [
              "./store"
              "cache/dir?compression=none"
              "file://cache"
            ]
        );

    test_a_relative_secret_is_refused =
      test
        (failing (main {
          settings.destination.file = "url";
        }))
        [
          "${ofUs}.queues.main.settings.destination.file is \"url\", which is not an absolute path."
        ];

    test_two_credentials_of_one_name_are_refused =
      test
        (failing (main {
          destination._secret = "/run/secrets/url";
          sshKeyFile = "/run/secrets/key";
          loadCredentials = {
            destination = "/run/secrets/other";
            ssh-key = "/run/secrets/other";
          };
        }))
        [
          "${ofUs}.queues.main.loadCredentials.destination has the name of the credential that the destination comes in: call it otherwise."
          "${ofUs}.queues.main.loadCredentials.ssh-key and ${ofUs}.queues.main.sshKeyFile are the same credential: set one of them."
        ];

    test_credentials_of_names_that_are_free_are_fine = test (failing (main {
      destination = "daemon";
      loadCredentials = {
        destination = "/run/secrets/other";
        ssh-key = "/run/secrets/other";
      };
    })) [ ];

    test_settings_of_a_queue_that_is_not_declared_are_refused =
      test
        (failing (ours {
          queues.main.destination = "daemon";
          settings.queues.mian.verify = true;
        }))
        [
          "${ofUs}.settings.queues.mian is about a queue that is not declared, and that nothing would push: declare it in ${ofUs}.queues."
        ];
  };

  # The options that take a path refuse another by their types.
  errors =
    let
      relative = option: type: queue: {
        expr = queueOf (main ({ destination = "daemon"; } // queue)) "main";
        message = "A definition for option `${ofUs}.queues.main.${option}' is not of type `${type}'";
      };
      credential =
        option: type: queue:
        relative option type queue
        // {
          expr = (main ({ destination = "daemon"; } // queue)).assertions;
        };
    in
    {
      a_relative_base_directory_is_refused = {
        expr = queueOf (ours {
          baseDir = "srv";
          queues.main.destination = "daemon";
        }) "main";
        message = "A definition for option `${ofUs}.baseDir' is not of type `absolute path'";
      };
      a_relative_queue_directory_is_refused = relative "queueDir" "absolute path" {
        queueDir = "srv/queue";
      };
      a_relative_file_of_a_destination_is_refused = relative "destination._secret" "absolute path" {
        destination._secret = "url";
      };
      a_relative_environment_file_is_refused = credential "environmentFile" "null or absolute path" {
        environmentFile = "env";
      };
      a_relative_key_file_is_refused = credential "sshKeyFile" "null or absolute path" {
        sshKeyFile = "~/key";
      };
      a_relative_credential_is_refused = credential "loadCredentials.netrc" "absolute path" {
        loadCredentials.netrc = "netrc";
      };
    };
}
