# The options of the NixOS module. MODULE.md is made from them: nixos/check --write
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) literalExpression mkOption types;
  cfg = config.services.nix-post-build-push;

  secret =
    types.submodule {
      options._secret = mkOption {
        type = types.path;
        example = "/run/secrets/cache-url";
        description = "The file that holds the store URI as its only line.";
      };
    }
    // {
      description = "{ _secret = path; }";
      descriptionClass = "noun";
    };

  # What can be said for one queue, and for all of them in `defaults`.
  common = {
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
        What to upload for a store path: `bare` is the path alone, `binary` its closure, `source`
        the closure of its derivation, and `cache` both, with the outputs of what it was built from.
      '';
    };
    checkSigs = {
      type = types.bool;
      default = true;
      description = ''
        Whether the destination checks signatures. Without, it has to trust the account that pushes.
      '';
    };
    substituteOnDestination = {
      type = types.bool;
      default = false;
      description = "Whether the destination may fetch paths from its own substituters.";
    };
    nixOpts = {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "--netrc-file"
        "/run/secrets/netrc"
      ];
      description = "Further options for Nix, when it copies.";
    };
    interval = {
      type = types.nonEmptyStr;
      default = "10m";
      example = "1 hour";
      description = ''
        How long after boot, after the activation of a configuration, and after the end of a push
        the next push begins: a time span of systemd.time(7).
      '';
    };
    persistentTimer = {
      type = types.bool;
      default = false;
      description = ''
        `Persistent=` of the timer. systemd heeds it for calendar events alone, so it matters only
        if you add an `OnCalendar` to the timer: the intervals of this module begin anew at boot.
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
    user = {
      type = types.nonEmptyStr;
      default = "root";
      example = "cache";
      description = "The account that pushes. The queue directory belongs to it.";
    };
    group = {
      type = types.nonEmptyStr;
      default = "root";
      example = "cache";
      description = "The group of the account that pushes.";
    };
  };

  inherited =
    name: option:
    mkOption (
      option
      // {
        default = cfg.defaults.${name};
        defaultText = literalExpression "config.services.nix-post-build-push.defaults.${name}";
      }
    );

  queue =
    { name, ... }:
    {
      options = lib.mapAttrs inherited common // {
        enable = mkOption {
          type = types.bool;
          default = true;
          description = "Whether to use this queue: to fill it in the hook, and to push it.";
        };
        destination = mkOption {
          type = types.oneOf [
            types.nonEmptyStr
            types.path
            secret
          ];
          example = "ssh-ng://cache.example.org";
          description = ''
            Where to push: any store URI, or the path of a chroot store. If it holds a secret, write
            `{ _secret = "/path"; }` with the path of a file that has it as its only line. The file
            is read when a push begins, by root, whatever account the push runs as.
          '';
        };
        queueDir = mkOption {
          type = types.path;
          default = "${toString cfg.baseDir}/${name}";
          defaultText = literalExpression ''"''${config.services.nix-post-build-push.baseDir}/‹name›"'';
          example = "/var/spool/my/queue";
          description = "Where the entries of the queue are kept. Another directory for every queue.";
        };
      };
    };
in
{
  options.services.nix-post-build-push = {
    package = mkOption {
      type = types.package;
      default = pkgs.nix-post-build-push or (pkgs.callPackage ./package.nix { });
      defaultText = literalExpression "pkgs.nix-post-build-push";
      description = "The package that has the two programs. It is built even without the overlay.";
    };

    baseDir = mkOption {
      type = types.path;
      default = "/var/lib/nix-post-build-push";
      description = "The directory of the queues that do not set `queueDir`.";
    };

    hook = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = ''
          Whether to set Nix's `post-build-hook`, if there is an enabled queue. Nix has only one: to
          run others too, disable this, and call `hook.script` from a hook of your own.
        '';
      };
      onError = mkOption {
        type = types.enum [
          "ignore"
          "fail"
        ];
        default = "ignore";
        description = ''
          What to do if a path cannot be enqueued: `ignore` reports it and lets the build succeed,
          `fail` fails the build.
        '';
      };
      script = mkOption {
        type = types.str;
        readOnly = true;
        default = "${lib.getBin cfg.package}/bin/nix-post-build-push-hook";
        defaultText = literalExpression ''"''${package}/bin/nix-post-build-push-hook"'';
        description = "The hook program, to be called from a hook of your own.";
      };
    };

    defaults = lib.mapAttrs (_: mkOption) common;

    queues = mkOption {
      type = types.attrsOf (types.submodule queue);
      default = { };
      example = literalExpression ''
        {
          main.destination = "ssh-ng://cache.example.org";
          s3 = {
            destination._secret = "/run/secrets/cache-url";
            closureType = "cache";
          };
        }
      '';
      description = ''
        The queues, one for each destination. A name has letters, digits, `_`, `.` and `-`.
      '';
    };
  };
}
