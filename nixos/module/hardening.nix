# What the two services of a queue have in common: what neither needs, and therefore neither may do.
# Each directive was tried on a whole machine (tests/machine).
{
  ProtectSystem = "strict";

  AmbientCapabilities = "";
  NoNewPrivileges = true;
  RestrictSUIDSGID = true;

  SystemCallArchitectures = "native";
  # Refused, not killed: Nix tries to raise the limit of its stack, and goes on without.
  SystemCallErrorNumber = "EPERM";

  # ProcSubset=pid is missing: the garbage collector of Nix's memory complains of no /proc/stat.
  ProtectProc = "invisible";

  DevicePolicy = "closed";
  KeyringMode = "private";
  LockPersonality = true;
  MemoryDenyWriteExecute = true;
  PrivateDevices = true;
  PrivateIPC = true;
  ProtectClock = true;
  ProtectControlGroups = true;
  ProtectHostname = true;
  ProtectKernelLogs = true;
  ProtectKernelModules = true;
  ProtectKernelTunables = true;
  RemoveIPC = true;
  RestrictNamespaces = true;
  RestrictRealtime = true;
}
