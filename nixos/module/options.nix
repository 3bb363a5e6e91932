# The options of the NixOS module. MODULE.md is made from them: make module-md
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) literalExpression mkOption types;
  cfg = config.services.nix-post-build-push;
  common = lib.foldl' (all: group: all // group.options) { } (
    import ./queue-options.nix { inherit lib pkgs; }
  );

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

  group =
    description: options:
    mkOption {
      type = types.submodule { inherit options; };
      default = { };
      inherit description;
    };

  settings =
    example: description:
    mkOption {
      type = types.submodule { freeformType = (pkgs.formats.toml { }).type; };
      default = { };
      example = literalExpression example;
      inherit description;
    };

  # Options by their paths: `limits.maxAge` is `maxAge` in `limits`.
  tree =
    make: options:
    lib.foldl' lib.recursiveUpdate { } (
      lib.mapAttrsToList (
        name: option: lib.setAttrByPath (lib.splitString "." name) (make name option)
      ) options
    );

  inherited =
    name: option:
    mkOption (
      option
      // {
        default = lib.foldl' (set: part: set.${part}) cfg.defaults (lib.splitString "." name);
        defaultText = literalExpression "config.services.nix-post-build-push.defaults.${name}";
      }
    );

  unitName =
    name: kind:
    mkOption {
      type = types.nonEmptyStr;
      readOnly = true;
      default = "nix-post-build-push-${name}";
      defaultText = literalExpression ''"nix-post-build-push-''${name}"'';
      example = "nix-post-build-push-main";
      description = ''
        The name of the queue's ${kind}, to be used in `systemd.${kind}s` where this module has no
        option for what you want to change.
      '';
    };

  queue =
    { name, config, ... }:
    {
      options = tree inherited (removeAttrs common [ "xargsBin" ]) // {
        enable = mkOption {
          type = types.bool;
          default = true;
          example = false;
          description = ''
            Whether to use this queue: to fill it in the hook, and to push it. What is in a queue when
            it is disabled stays there, and is not collected as garbage, until
            `nix-post-build-push --queue NAME drop --all` lets go of it. Do this before you remove the
            queue from your configuration: the command finds only queues that are declared.
          '';
        };
        name = mkOption {
          type = types.nonEmptyStr;
          default = name;
          defaultText = literalExpression "‹name›";
          example = "main";
          description = ''
            The name of the queue: 1 to 64 letters, digits, `_`, `.` and `-`, the first neither `.`
            nor `-`.
          '';
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

            A push may write to a directory only if it is known when the system is built: a path, that
            of `file://`, or the parameter `root` of `local`. Any other, such as one in a secret, has to
            be named beside it:

            ```nix
            systemd.services.nix-post-build-push-main.serviceConfig.ReadWritePaths = [ "/srv/x" ];
            ```
          '';
        };
        queueDir = mkOption {
          type = types.path;
          default = "${toString cfg.baseDir}/${config.name}";
          defaultText = literalExpression ''"''${config.services.nix-post-build-push.baseDir}/''${name}"'';
          example = "/var/spool/my/queue";
          description = ''
            Where the entries of the queue are kept: another directory for every queue, and none within
            another. What it is in has to belong to root, or to `user`.
          '';
        };
        metricsFile = mkOption {
          type = types.nullOr types.path;
          default = null;
          example = "/var/lib/metrics/nix-post-build-push-main.prom";
          description = ''
            A file that each push of this queue writes anew, for the textfile collector of Prometheus'
            node exporter; its name ends with `.prom`. Its directory is made for `user` if it is not
            there, and has to be writable for `user` if it is: the push has no rights of root's.

            ```nix
            services.prometheus.exporters.node = {
              enabledCollectors = [ "textfile" ];
              extraFlags = [ "--collector.textfile.directory=/var/lib/metrics" ];
            };
            ```
          '';
        };
        settings = settings "{ verify = true; }" ''
          What the table of this queue in the configuration file shall have, over what the options
          above say: any key of [CLI.md](CLI.md).
        '';
        serviceName = unitName config.name "service";
        timerName = unitName config.name "timer";
        xargsBin = mkOption common.xargsBin;
      };
    };
in
{
  options.services.nix-post-build-push = {
    baseDir = mkOption {
      type = types.path;
      default = "/var/lib/nix-post-build-push";
      example = "/srv/queues";
      description = "The directory of the queues that do not set `queueDir`.";
    };

    settings = settings "{ hook.fsync = false; }" ''
      What the configuration file shall have, over everything that the other options say: any key of
      [CLI.md](CLI.md). The file is checked while the system is built.
    '';

    hook = group "The post-build hook: what Nix runs after each build." {
      enable = mkOption {
        type = types.bool;
        default = true;
        example = false;
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
        example = "fail";
        description = ''
          What to do if a path cannot be enqueued: `ignore` reports it and lets the build succeed,
          `fail` fails the build.
        '';
      };
      priority = mkOption {
        type = types.int;
        default = lib.modules.defaultOverridePriority;
        defaultText = literalExpression "lib.modules.defaultOverridePriority";
        example = 1000;
        description = ''
          The priority with which `nix.settings.post-build-hook` is set: a smaller number wins over
          other definitions, a greater one gives way to them.
        '';
      };
      script = mkOption {
        type = types.package;
        readOnly = true;
        # The program itself, by a store path of its own.
        default = pkgs.runCommand "nix-post-build-push-hook" {
          preferLocalBuild = true;
          program = "${lib.getBin cfg.defaults.package}/bin/nix-post-build-push-hook";
        } ''ln -s "$program" "$out"'';
        defaultText = literalExpression ''"''${defaults.package}/bin/nix-post-build-push-hook"'';
        example = literalExpression ''
          # in nix.settings.post-build-hook
          pkgs.writeShellScript "hooks" "''${config.services.nix-post-build-push.hook.script}; exec /my/hook"
        '';
        description = "The hook program, to be called from a hook of your own.";
      };
    };

    defaults = group "What holds for all queues that do not say it themselves." (
      tree (_: mkOption) common
    );

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
        The queues, one for each destination. What a queue says takes the place of what `defaults`
        says: lists and sets are not merged.
      '';
    };
  };
}
