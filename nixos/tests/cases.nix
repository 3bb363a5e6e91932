# Configurations, and what NixOS would make of them.
{ lib }:
let
  stubs = import ./stubs.nix { inherit lib; };

  evaluate =
    pkgs: settings:
    (lib.evalModules {
      modules = [
        stubs.module
        (import ../../default.nix { }).nixosModules.nix-post-build-push
        { _module.args = { inherit pkgs; }; }
        settings
      ];
    }).config;

  ours = settings: { services.nix-post-build-push = settings; };
  secret = file: { destination._secret = file; };

  # The one of the README.
  quickStart = {
    nix.enable = true;
    nixpkgs.overlays = [ (import ../../default.nix { }).overlays.nix-post-build-push ];
    services.nix-post-build-push = {
      defaults.closureType = "cache";
      queues.main = {
        destination = "ssh://my.cache.server";
        interval = "5 min";
      };
    };
  };
in
lib.mapAttrs (_: evaluate stubs.pkgs) {
  inherit quickStart;

  withoutNix = quickStart // {
    nix.enable = false;
  };

  withoutQueues = ours { };

  onlyDisabled = ours { queues.main.enable = false; };

  ownHook = ours {
    hook.enable = false;
    queues.main.destination = "file:///srv/cache";
  };

  inheriting = ours {
    package = stubs.package "another";
    baseDir = "/srv/queues";
    hook.onError = "fail";
    defaults = {
      checkSigs = false;
      substituteOnDestination = true;
      nixOpts = [ "--refresh" ];
      interval = "1h";
      persistentTimer = true;
      randomizedDelaySec = "1m";
      user = "cache";
      group = "builders";
    };
    queues = {
      plain.destination = "/srv/chroot";
      different = {
        destination = "s3://bucket?region=eu-west-1";
        queueDir = "/srv/my 100% queue";
        checkSigs = true;
        substituteOnDestination = false;
        nixOpts = [ ];
        interval = "2h";
        persistentTimer = false;
        randomizedDelaySec = "0";
        user = "root";
        group = "root";
      };
      disabled = {
        enable = false;
        destination = "ssh://nowhere";
      };
    };
  };

  secret = ours {
    queues.plain.destination = "https://cache.example.org";
    queues.hidden = secret "/run/secrets/cache-url" // {
      user = "cache";
    };
  };

  secretInStore = ours { queues.hidden = secret "${builtins.storeDir}/abc-secret"; };
}
// {
  # Another platform's system, and the overlay left out.
  foreign =
    evaluate
      (
        removeAttrs stubs.pkgs [ "nix-post-build-push" ]
        // {
          callPackage = file: _: stubs.package "${baseNameOf file}";
          stdenv = stubs.pkgs.stdenv // {
            hostPlatform = "there";
          };
        }
      )
      (ours {
        queues.main.destination = "daemon";
      });
}
