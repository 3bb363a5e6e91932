# What reaches a push from files that only root can read, and how `nix copy` learns of it.
{ lib }:
queue:
let
  escape = import ../escape.nix { inherit lib; };
  inherit (queue) options;

  # systemd copies each of these for the service, and %d is where.
  files =
    options.loadCredentials
    // lib.optionalAttrs (options.sshKeyFile != null) { ssh-key = options.sshKeyFile; }
    // lib.optionalAttrs (queue.secret != null) { destination = queue.secret; };

  variables = {
    aws-config.AWS_CONFIG_FILE = "%d/aws-config";
    aws-credentials.AWS_SHARED_CREDENTIALS_FILE = "%d/aws-credentials";
    netrc.NIX_POST_BUILD_PUSH_NIX_OPTS = "--netrc-file %d/netrc";
    ssh-key.NIX_SSHOPTS = "-i %d/ssh-key -o IdentitiesOnly=yes -o BatchMode=yes";
  };
in
{
  environment = lib.foldl' (all: name: all // variables.${name} or { }) { } (lib.attrNames files);

  serviceConfig =
    lib.optionalAttrs (files != { }) {
      LoadCredential = lib.mapAttrsToList (
        name: file: "${name}:${escape.specifiers (toString file)}"
      ) files;
    }
    // lib.optionalAttrs (options.environmentFile != null) {
      EnvironmentFile = escape.specifiers (toString options.environmentFile);
    };

  # An account that is not root cannot read the file that the configuration names.
  arguments = lib.optionalString (queue.secret != null) " --destination-file=%d/destination";
}
