# The module system: modules, the tree of options that they declare, and what they define.
{ lib }:
let
  inherit (lib) showOption;

  bookkeeping = [
    "_class"
    "_file"
    "freeformType"
    "imports"
    "key"
  ];

  # A module as { key, file, imports, options, config }, whichever way it is written. A file is the
  # same module however often it is imported; of the others each is one of its own.
  load =
    arguments: file: key: module:
    if builtins.isFunction module then
      load arguments file key (
        module (
          arguments
          // builtins.mapAttrs (name: _: arguments.${name} or arguments.config._module.args.${name}) (
            builtins.functionArgs module
          )
        )
      )
    else if builtins.isPath module || builtins.isString module then
      load arguments (toString module) (toString module) (import module)
    else if !builtins.isAttrs module then
      throw "`${file}' is not a module, but ${builtins.typeOf module}"
    else
      let
        definitions = removeAttrs module bookkeeping;
        others = removeAttrs definitions [
          "config"
          "options"
        ];
        isFull = module ? config || module ? options;
        config = if isFull then module.config or { } else definitions;
        freeform = lib.optionalAttrs (module ? freeformType) {
          _module = { inherit (module) freeformType; };
        };
      in
      if isFull && others != { } then
        throw "Module `${file}' has an unsupported attribute `${lib.head (builtins.attrNames others)}'."
      else
        {
          inherit key;
          file = toString module._file or file;
          imports = module.imports or [ ];
          options = module.options or { };
          config =
            if freeform == { } then
              config
            else
              lib.mkMerge [
                config
                freeform
              ];
        };

  # Every module after those that it is imported by, and then the other way round: so does nixpkgs,
  # and the order of lists depends on it.
  collect =
    arguments: modules:
    let
      loadAll = file: key: lib.imap0 (n: load arguments file "${key}:${toString n}");
    in
    lib.reverseList (
      builtins.genericClosure {
        startSet = loadAll "<unknown-file>" "" modules;
        operator = module: loadAll module.file module.key module.imports;
      }
    );

  # One level of the tree of options, as { options, config, unmatched }. `declared` are trees of
  # declarations, `defined` trees of definitions, each with its file.
  tree =
    prefix: declared: defined:
    let
      pushed = lib.concatMap lib.pushDown defined;
      isTree =
        { file, value }:
        builtins.isAttrs value
        || throw "In module `${file}', you're trying to define a value of type `${builtins.typeOf value}' rather than an attribute set for the option `${showOption prefix}'!";
      definitions = lib.filter isTree pushed;
      names = lib.unique (lib.concatMap (one: builtins.attrNames one.value) declared);

      branches = lib.genAttrs names (
        name:
        let
          below = lib.concatMap (
            { file, value }:
            lib.optional (value ? ${name}) {
              inherit file;
              value = value.${name};
            }
          );
        in
        branch (prefix ++ [ name ]) (below declared) (below definitions)
      );

      unknown = lib.concatMap (
        { file, value }:
        lib.mapAttrsToList (name: value: {
          inherit file value;
          loc = prefix ++ [ name ];
        }) (removeAttrs value names)
      ) definitions;
    in
    {
      options = builtins.mapAttrs (_: one: one.options) branches;
      config = builtins.mapAttrs (_: one: one.config) branches;
      unmatched = unknown ++ lib.concatMap (one: one.unmatched) (builtins.attrValues branches);
    };

  branch =
    loc: declared: defined:
    let
      isOption = one: lib.isOption one.value;
    in
    if !lib.any isOption declared then
      tree loc declared defined
    else if lib.length declared > 1 then
      throw "The option `${showOption loc}' in `${(lib.head declared).file}' is already declared in `${(lib.last declared).file}'."
    else
      leaf loc (lib.head declared).value defined;

  leaf =
    loc: option: defined:
    let
      default = lib.optional (option ? default) {
        file = "<default>";
        value = lib.mkOptionDefault option.default;
      };
      type = option.type or lib.types.anything;
      merged = lib.mergeDefinitions loc type (default ++ defined);
      value =
        if option.readOnly or false && lib.length (default ++ defined) > 1 then
          throw "The option `${showOption loc}' is read-only, but it's set multiple times. Definition values:${lib.showDefinitions defined}"
        else
          (option.apply or (value: value)) merged.value;
    in
    {
      options = option // {
        inherit loc type value;
        inherit (merged) highestPrio isDefined;
      };
      config = value;
      unmatched = [ ];
    };

  internal = {
    options._module = {
      args = lib.mkOption { type = lib.types.lazyAttrsOf lib.types.raw; };
      freeformType = lib.mkOption {
        type = lib.types.nullOr lib.types.raw;
        default = null;
      };
    };
  };
in
{
  evalModules =
    {
      modules,
      prefix ? [ ],
      specialArgs ? { },
    }:
    let
      arguments = specialArgs // {
        inherit lib config;
        inherit (evaluated) options;
      };
      all = collect arguments ([ internal ] ++ modules);
      of =
        kind:
        map (module: {
          inherit (module) file;
          value = module.${kind};
        }) all;
      evaluated = tree prefix (of "options") (of "config");
      inherit (evaluated) unmatched;
      inherit (evaluated.config._module) freeformType;

      free = freeformType.merge prefix (
        map (one: {
          inherit (one) file;
          value = lib.setAttrByPath (lib.drop (lib.length prefix) one.loc) one.value;
        }) unmatched
      );
      config =
        if freeformType == null || unmatched == [ ] then
          evaluated.config
        else
          lib.recursiveUpdate free evaluated.config;

      checked =
        if freeformType == null && unmatched != [ ] then
          throw "The option `${showOption (lib.head unmatched).loc}' does not exist. Definition values:${
            lib.showDefinitions [ (lib.head unmatched) ]
          }"
        else
          removeAttrs config [ "_module" ];
    in
    {
      config = checked;
      inherit (evaluated) options;
      inherit freeformType;
    };
}
