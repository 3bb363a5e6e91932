# MODULE.md, made from the declarations of the options: nixos/check --write
{
  nixpkgsLib ? <nixpkgs/lib>,
}:
let
  lib = import nixpkgsLib;
  evaluated = lib.evalModules {
    modules = [
      ./options.nix
      { _module.args.pkgs = throw "the documentation must not depend on packages"; }
    ];
  };
  all = lib.optionAttrSetToDocList { inherit (evaluated.options) services; };
  shown = lib.filter (option: option.visible && !option.internal) all;

  code =
    text:
    let
      trimmed = lib.removeSuffix "\n" text;
    in
    if lib.hasInfix "\n" trimmed then "\n\n```nix\n${trimmed}\n```" else " `${trimmed}`";

  # Older versions of lib give the value itself.
  value = v: if v ? text then v.text else lib.generators.toPretty { } v;

  # The words of lib change with its version.
  typeOf =
    option: lib.replaceStrings [ "absolute path" "(submodule)" ] [ "path" "submodule" ] option.type;

  field =
    label: attr: option:
    lib.optional (option ? ${attr}) "${label}:${code (value option.${attr})}";

  section =
    option:
    lib.concatStringsSep "\n\n" (
      [
        "## `${option.name}`"
        (lib.removeSuffix "\n" option.description)
        "Type: ${typeOf option}${lib.optionalString option.readOnly " (read-only)"}"
      ]
      ++ field "Default" "default" option
      ++ field "Example" "example" option
    );
in
{
  text = ''
    # Options of the NixOS module

    What the [README](README.md) shows is enough to begin with. The queue `main` is pushed by `nix-post-build-push-main.service`, which a timer of that name starts; `journalctl -u nix-post-build-push-main` tells what it did.

    This page is generated from `nixos/options.nix`: `nixos/check --write` makes it anew.

    ${lib.concatMapStringsSep "\n\n" section shown}
  '';
}
