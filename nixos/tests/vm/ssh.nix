# An ordinary account pushes to another machine, with a key that only root can read.
{
  name = "nix-post-build-push-ssh";

  nodes = {
    cache = ./cache.nix;
    machine = { lib, ... }: {
      imports = [ ./pusher.nix ];
      users.users.pusher = {
        isSystemUser = true;
        group = "pusher";
      };
      users.groups.pusher = { };
      services.nix-post-build-push.queues.main = {
        user = "pusher";
        group = "pusher";
        # Not by the timer.
        interval = lib.mkForce "1 day";
        pushOnEnqueue = true;
      };
    };
  };

  testScript = ''
    ${import ./build.nix}
    start_all()
    cache.wait_for_open_port(22)
    machine.wait_for_unit("multi-user.target")

    with subtest("the closure gets to the other machine"):
        path = build("greeting")
        wait_until_pushed()
        for part in closure(path):
            cache.succeed(f"nix-store --check-validity {part}")

    with subtest("the account has neither the key nor an entry left"):
        machine.succeed("su -s /bin/sh pusher -c '! cat /etc/ssh/push-key'")
        machine.fail("ls /var/lib/nix-post-build-push/main/*")
  '';
}
