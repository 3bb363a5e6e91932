# An ordinary user builds through the daemon, and the timer pushes that by itself.
{
  name = "nix-post-build-push-multi-user";

  nodes.machine = {
    imports = [ ./builder.nix ];
    services.nix-post-build-push.queues.main = {
      destination = "file:///srv/cache";
      interval = "10s";
    };
  };

  testScript = ''
    ${import ./build.nix}
    machine.wait_for_unit("multi-user.target")
    stop_timer()

    with subtest("what an ordinary user builds is queued and held"):
        path = build("greeting")
        t.assertIn(path, queued())
        roots = machine.succeed(f"nix-store --query --roots {path}")
        t.assertIn("/var/lib/nix-post-build-push/main/", roots)

    with subtest("the timer pushes the closure"):
        machine.succeed("systemctl start nix-post-build-push-main.timer")
        wait_until_pushed()
        for part in closure(path):
            machine.succeed(f"nix-store --store file:///srv/cache --check-validity {part}")

    with subtest("the journal tells it"):
        machine.wait_until_succeeds("journalctl -u nix-post-build-push-main.service | grep 'copied to file:///srv/cache'")
  '';
}
