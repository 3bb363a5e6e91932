# What is queued survives the garbage collector, and what was pushed does not.
{
  name = "nix-post-build-push-garbage-collector";

  nodes.machine = {
    imports = [ ./builder.nix ];
    # A store of its own: the collector must not find paths of the host, which the machine does not
    # know.
    virtualisation = {
      useNixStoreImage = true;
      writableStore = true;
    };
    services.nix-post-build-push.queues.main.destination = "file:///srv/cache";
  };

  testScript = ''
    ${import ./build.nix}
    machine.wait_for_unit("multi-user.target")
    stop_timer()
    path = build("greeting")

    with subtest("the collector leaves what is queued"):
        machine.succeed("nix-store --gc")
        for part in closure(path):
            machine.succeed(f"test -e {part}")
        t.assertIn(path, queued())

    with subtest("once it is pushed, the collector may have it"):
        machine.succeed("systemctl start nix-post-build-push-main.service")
        t.assertEqual(queued(), [])
        machine.succeed("nix-store --gc")
        machine.fail(f"test -e {path}")
        machine.succeed(f"nix-store --store file:///srv/cache --check-validity {path}")
  '';
}
