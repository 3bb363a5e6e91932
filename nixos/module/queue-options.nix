# What can be said for one queue, and for all of them in `defaults`: the groups of MODULE.md. A name
# with dots is a path.
{ lib, pkgs }:
let
  inherit (lib) literalExpression types;

  # A value that the program reads itself, and has a default of its own for.
  passedOn = type: default: description: {
    type = types.nullOr type;
    default = null;
    description = "${description} Null: the program's default, ${default}.";
  };
  duration =
    default: example: description:
    passedOn types.nonEmptyStr "`${default}`" description // { inherit example; };

  # A limit, and what happens beyond it.
  limit = type: example: description: {
    type = types.nullOr type;
    default = null;
    description = "${description} Null: no limit.";
    inherit example;
  };
  beyond =
    description:
    passedOn (types.enum [
      "refuse"
      "drop-oldest"
    ]) "`refuse`" (lib.removeSuffix "\n" description)
    // {
      example = "drop-oldest";
    };
in
[
  {
    title = "What is copied";
    options = {
      closureType = {
        type = types.enum [
          "bare"
          "binary"
          "source"
          "cache"
        ];
        default = "binary";
        example = "cache";
        description = ''
          What to copy for a queued path: `bare` is the path alone, `binary` its closure, `source` the
          closure of its derivation, and `cache` that with all outputs that are valid.
        '';
      };
      checkSigs = {
        type = types.bool;
        default = true;
        example = false;
        description = ''
          Whether the destination shall refuse paths without a signature that it trusts. Binary caches
          never look; others have to trust the account that pushes, if this is false.
        '';
      };
      checkContents =
        passedOn
          (types.enum [
            "off"
            "entries"
            "closure"
          ])
          "`off`"
          ''
            What to compare with what the store registered before it is copied: nothing, the queued paths
            (a damaged one that is not queued goes along with those that refer to it), or all that goes
            with them. A binary cache takes a damaged path without a word.''
        // {
          example = "entries";
        };
      substituteOnDestination = {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether the destination may fetch paths from its own substituters.";
      };
      verify =
        passedOn types.bool "`false`" ''
          Whether to ask the destination for every path before its entry goes, but not for what that
          refers to: for this Nix asks itself before it copies.''
        // {
          example = true;
        };
      nixOpts = {
        type = types.listOf types.str;
        default = [ ];
        example = [
          "--option"
          "http2"
          "false"
        ];
        description = "Further options for `nix copy`. Everybody can read them: no secrets.";
      };
    };
  }
  {
    title = "When";
    options = {
      interval = {
        type = types.nonEmptyStr;
        default = "10 min";
        example = "1 hour";
        description = ''
          How often to push: first this long after boot, or after the timer starts, then this long
          after the last push began. If that takes longer, the next begins when it has ended. A time
          span of systemd.time(7).
        '';
      };
      randomizedDelaySec = {
        type = types.nonEmptyStr;
        default = "0";
        example = "1m";
        description = ''
          By how much at most a push begins later, so that not all machines push at once: a time span
          of systemd.time(7). Each machine keeps the delay that fell to it.
        '';
      };
      persistentTimer = {
        type = types.bool;
        default = false;
        example = true;
        description = ''
          `Persistent=` of the timer. systemd heeds it for calendar events alone, so it matters only
          if you add an `OnCalendar` to the timer: the intervals of this module begin anew at boot.
        '';
      };
      pushOnEnqueue = {
        type = types.bool;
        default = false;
        example = true;
        description = ''
          Whether a push begins soon after something was queued, and not only when the timer says so.
          What is queued within `pushOnEnqueueDelay`, or while a push runs, is pushed together.
        '';
      };
      pushOnEnqueueDelay = {
        type =
          let
            time = "[0-9]+([.][0-9]+)?[smhd]?";
          in
          types.strMatching "${time}( ${time})*";
        default = "5s";
        example = "1m 30s";
        description = ''
          How long `pushOnEnqueue` waits for more before it pushes: times of sleep(1), which are added
          up. Each is a number, `5` or `0.5`, and perhaps one of `s`, `m`, `h` and `d`.
        '';
      };
    };
  }
  {
    title = "Failures and time";
    options = {
      timeout = duration "2h" "30m" "How long one call of `nix copy` may take: `90s`, `10m`, `2h 30m`.";
      stallTimeout = duration "10m" "2m" "How long one call of `nix copy` may make no progress.";
      retryDelay =
        duration "1m" "10s"
          "The wait after a first failure. It doubles with each further one.";
      retryMaxDelay = duration "6h" "1h" "The longest wait after a failure.";
      maxAttempts =
        passedOn types.ints.positive "10"
          "After so many failures an entry is parked: kept, but not tried until `nix-post-build-push retry`."
        // {
          example = 100;
        };
      batchSize =
        passedOn (types.ints.between 1 1000) "1000"
          "How many paths one call of `nix copy` is given at most."
        // {
          example = 100;
        };
      jobs =
        passedOn (types.ints.between 1 64) "1, but for `http(s)://` and `s3://` as many as make 16 uploads, 8 at most; for `ssh://` and what is large over `ssh-ng://` 4"
          "How many `nix copy` run at once for one batch, each with parts of it that have no path in common."
        // {
          example = 4;
        };
    };
  }
  {
    title = "Limits";
    options = {
      "limits.maxEntries" =
        limit types.ints.positive 10000
          "How many entries the queue may have, judged whenever something is enqueued.";
      "limits.beyondMaxEntries" = beyond ''
        What happens beyond `limits.maxEntries`: `refuse` takes as much of what is new as fits,
        `drop-oldest` takes it all and lets the oldest entries go, undelivered.
      '';
      "limits.maxAge" =
        limit types.nonEmptyStr "30days"
          "How long the oldest entry may wait, judged by each push at its end: `12h`, `30days`.";
      "limits.beyondMaxAge" = beyond ''
        What happens beyond `limits.maxAge`: `refuse` takes nothing new until the queue is back within
        it, `drop-oldest` lets go what is older, undelivered.
      '';
      "limits.maxPinned" =
        limit types.nonEmptyStr "50GiB"
          "How much of the store the entries may keep from being collected as garbage, with all that they refer to, judged by each push at its end: `50GiB`, `500MB`.";
      "limits.beyondMaxPinned" = beyond ''
        What happens beyond `limits.maxPinned`: `refuse` takes nothing new until the queue is back
        within it, `drop-oldest` keeps the newest entries, as many as fit.
      '';
    };
  }
  {
    title = "When a queue needs a look";
    options = {
      "health.maxParked" =
        passedOn (types.ints.between 0 4294967295) "0"
          "With more parked entries `nix-post-build-push status` says that the queue needs a look, and ends with 1."
        // {
          example = 3;
        };
      "health.maxAge" =
        duration "1day" "6h"
          "When the oldest entry has waited for longer, the queue needs a look.";
      "health.maxUnavailable" =
        duration "1h" "10m"
          "When the destination has not answered for longer, and something is queued, the queue needs a look.";
      "health.maxPinned" =
        passedOn types.nonEmptyStr "`limits.maxPinned`, or a tenth of the store's file system"
          "When the entries keep more of the store from being collected as garbage, the queue needs a look: `50GiB`, `500MB`."
        // {
          example = "10GiB";
        };
      "health.rememberLosses" =
        duration "1day" "0s"
          "For so long after a limit refused or dropped something the queue needs a look.";
    };
  }
  {
    title = "Keys and secrets";
    options = {
      environmentFile = {
        type = types.nullOr types.path;
        default = null;
        example = "/run/secrets/cache.env";
        description = ''
          A file with variables for the push, a `NAME=value` a line, such as `AWS_ACCESS_KEY_ID` or
          `NIX_POST_BUILD_PUSH_DESTINATION`. systemd reads it when a push begins, whatever account the
          push runs as.
        '';
      };
      sshKeyFile = {
        type = types.nullOr types.path;
        default = null;
        example = "/run/secrets/cache-ssh-key";
        description = ''
          The private key for destinations `ssh://` and `ssh-ng://`: it is a credential of the service,
          so root alone need be able to read it, and no other key is tried. The host key has to be known
          (`programs.ssh.knownHosts`).
        '';
      };
      loadCredentials = {
        type = types.attrsOf types.path;
        default = { };
        example = literalExpression ''
          {
            aws-credentials = "/run/secrets/aws-credentials";
            netrc = "/run/secrets/netrc";
          }
        '';
        description = ''
          Files that the push is given as credentials (`LoadCredential=` of systemd.exec(5)): root alone
          need be able to read them, and they are not copied to the Nix store. The push finds them in
          `$CREDENTIALS_DIRECTORY`. Nix is told to use those with these names:

          - `aws-credentials`, `aws-config`: the files of the AWS tools, for destinations `s3://`;
          - `netrc`: names and passwords for destinations `https://`.
        '';
      };
    };
  }
  {
    title = "Who and with what";
    options = {
      user = {
        type = types.nonEmptyStr;
        default = "root";
        example = "cache";
        description = ''
          The account that pushes. The queue directory is given to it. A directory that is the
          destination has to be its own; only root may push into another account's. What a push reads
          has to be readable for its account: do not count on the capabilities of root, of which the
          push has as few as it can. The files of `_secret` and of the options above are read by
          systemd, and need only be readable for root.

          By hand, start its service: what root itself pushed to a directory would be root's.

          An account other than root has to be declared, with a group of its own, and be one of Nix's
          `allowed-users`, as all are by default:

          ```nix
          users.users.cache = { isSystemUser = true; group = "cache"; };
          users.groups.cache = { };
          ```
        '';
      };
      group = {
        type = types.nonEmptyStr;
        default = "root";
        example = "cache";
        description = "The group of the account that pushes.";
      };
      package = {
        type = types.package;
        default = pkgs.nix-post-build-push or (pkgs.callPackage ../package.nix { });
        defaultText = literalExpression "pkgs.nix-post-build-push";
        example = literalExpression "inputs.nix-post-build-push.packages.x86_64-linux.default";
        description = ''
          The package that has the two programs. It is built even without the overlay. The hook and the
          program for people come from `defaults.package`, whatever a queue's service runs.
        '';
      };

      xargsBin = {
        type = types.nullOr types.path;
        default = null;
        example = "/run/current-system/sw/bin/xargs";
        description = "Has no effect any more: leave it out.";
      };
    };
  }
]
