# What a destination, as the configuration file has it, says about itself.
{ lib }:
destination:
let
  # One in a file is only known when it is used.
  isKnown = !builtins.isAttrs destination;
  uri = if isKnown then destination else "";
  store = lib.head (lib.splitString "?" uri);

  # Nix decodes the path of a binary cache (since 2.26 at the latest) and parameters, but not the
  # path of a chroot store. Only ASCII: who writes other letters need not encode them.
  decoded =
    text:
    lib.concatMapStrings (
      part: if builtins.isList part then builtins.fromJSON ''"\u00${lib.head part}"'' else part
    ) (builtins.split "%([2-7][0-9A-Fa-f])" text);

  below = prefix: if lib.hasPrefix prefix store then lib.removePrefix prefix store else null;
  cache = below "file://";
  binaryCache = if cache == null then null else decoded cache;
  root = builtins.match "local[?](.*&)?root=(/[^&]*).*" uri;
  chrootStore =
    if lib.hasPrefix "/" store then
      store
    else if root != null then
      decoded (lib.last root)
    else
      null;
in
{
  # A directory that the push writes to itself, or null; and those that it has.
  inherit binaryCache chrootStore;
  directories = lib.filter (path: path != null) [
    binaryCache
    chrootStore
  ];

  # Whether it is evident that it needs no network.
  isLocal =
    lib.hasPrefix "/" store
    || binaryCache != null
    || below "unix://" != null
    || lib.elem store [
      "auto"
      "daemon"
      "local"
    ];

  # `https://name:password@host`, say. Parameters are Nix's own, and hold no secrets.
  hasPassword = builtins.match "[^/?#]*://[^/?#]*:[^/?#]*@.*" uri != null;

  # A directory, seen from wherever somebody pushes.
  isRelative =
    if binaryCache != null then
      !lib.hasPrefix "/" binaryCache
    else
      !lib.hasPrefix "/" store && !lib.hasInfix "://" store && lib.hasInfix "/" store;
}
