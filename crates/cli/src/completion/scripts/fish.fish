# fish completion for nix-post-build-push

function __nix_post_build_push_complete
    set -l token (commandline -ct)
    # The program in PATH, and not what the line names: a Tab runs nothing that lies about.
    set -l answer (command nix-post-build-push __complete fish (commandline -opc) "$token" 2>/dev/null)
    test (count $answer) -gt 1
    and printf '%s\n' $answer[2..-1]
    switch "$answer[1]"
        case files directories
            # What fish itself offers for a command that it knows nothing of.
            set -l files (complete -C "'' $token")
            if test "$answer[1]" = directories
                string match -r '.*/$' -- (string replace -r '\t.*' '' -- $files)
            else
                printf '%s\n' $files
            end
    end
end

complete -c nix-post-build-push -f -k -a '(__nix_post_build_push_complete)'
