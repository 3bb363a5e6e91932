# The beginning of a test script: what `machine` builds, and what it has in its queue.
''
  def build(name):
      command = f"nix-build --no-out-link /etc/chain.nix --argstr name {name}"
      return machine.succeed(f"su -l alice -c '{command}'").strip()


  def queued():
      return machine.succeed("nix-post-build-push list").split()


  def wait_until_pushed():
      machine.wait_until_succeeds("test -z \"$(nix-post-build-push list)\"")


  def closure(path):
      return machine.succeed(f"nix-store --query --requisites {path}").split()


  # Nothing is pushed before it was looked at.
  def stop_timer():
      machine.succeed("systemctl stop nix-post-build-push-main.timer")
''
