# Completion for fish 3.1 and later: zlsnap and the programs that it is made of. fish finds this
# file under the name of each of them; tests/completions.bats compares the lists with what --help
# says.

# Names of the options, and their letters, that have a value which may be a word of its own.
set -g __zlsnap_valued

# The words before the cursor's, the first one without its directory.
function __zlsnap_words
    set -l words (commandline -opc)
    while string match -qr '^\w+=' -- $words[1]
        set -e words[1]
    end
    string replace -r '.*/' '' -- $words[1]
    set -q words[2]; and printf '%s\n' $words[2..-1]
end

# __zlsnap_is COMMAND...: succeeds if the command is one of these.
function __zlsnap_is
    set -l words (__zlsnap_words)
    set -q words[2]; and contains -- $words[2] $argv
end

function __zlsnap_needs_command
    test (count (__zlsnap_words)) -eq 1
end

# __zlsnap_option COMMAND[,COMMAND]... [ARGUMENT of complete]...: declares an option of those
# programs, and commands of zlsnap.
function __zlsnap_option
    set -l commands
    for name in (string split , -- $argv[1])
        if contains -- $name tarpack tarunpack shasum-tee
            complete -c $name $argv[2..-1]
        else
            set -a commands $name
        end
    end
    if set -q commands[1]
        complete -c zlsnap -c zlsnap.sh -n "__zlsnap_is $commands" $argv[2..-1]
    end
    argparse -i s= l= x r -- $argv[2..-1]
    if set -q _flag_x; or set -q _flag_r
        set -ga __zlsnap_valued --$_flag_l -$_flag_s
    end
end

# What each operand of a command or program may be; a + at the last one: any number of them.
function __zlsnap_kinds
    switch $argv[1]
        case create
            printf '%s\n' dir file
        case extract
            printf '%s\n' 'layer|image' dir
        case verify
            printf '%s\n' 'layer|image'
        case list info mtree
            printf '%s\n' layer
        case digest tarpack tarunpack
            printf '%s\n' dir
        case diff
            printf '%s\n' layer layer
        case oci
            printf '%s\n' 'layer|image' layer+
        case push
            printf '%s\n' 'layer|image' remote
        case pull
            printf '%s\n' remote 'file|image'
        case sync
            printf '%s\n' name dir store
        case restore
            printf '%s\n' name store dir
        case status
            printf '%s\n' name 'dir|store' store
        case refs
            printf '%s\n' store
        case gc
            printf '%s\n' 'dir|store+'
    end
end

# __zlsnap_paths dir|file|layer PREFIX SHOWN [plain]: prints the paths that begin as the word at the
# cursor does after PREFIX, each with SHOWN before it and ended by a NUL. Without `plain` those that
# would be options are left out: they are found by ./, which fish does not offer by itself.
function __zlsnap_paths
    set -l token (commandline -ct | string collect)
    set token (string replace -- "$argv[2]" '' $token | string collect)
    set -l start (string unescape -- $token | string collect)
    set -l layers
    set -l others
    # What fish finds comes by lines, so pieces of names are left out, and the names found again.
    for path in (complete -C "__zlsnap_no_command $token") "$start"*\n*
        if not test -e "$path"
            string match -qr '^~|\$' -- $path; or continue
        end
        if test -d "$path"; and not string match -q '*/' -- $path
            set path "$path/"
        end
        if not set -q argv[4]; and string match -q -- '-*' $path
            continue
        end
        if string match -q '*/' -- $path
            set -a others "$argv[3]$path"
        else if test $argv[1] = layer; and string match -q '*.tar.zst' -- $path
            set -a layers "$argv[3]$path"
        else if test $argv[1] != dir
            set -a others "$argv[3]$path"
        end
    end
    string join0 -- $layers $others
end

# The directories that the value of an option may be: a word of its own, or what follows the =.
function __zlsnap_value_dir
    set -l token (commandline -ct | string collect)
    set -l prefix (string match -r -- '^--[a-z-]*=' $token)
    __zlsnap_paths dir "$prefix" '' plain
end

# Prints what the operand at the cursor may be, each ended by a NUL.
function __zlsnap_operand
    set -l words (__zlsnap_words)
    string match -qr '^zlsnap(\.sh)?$' -- $words[1]; and set -e words[1]
    set -l kinds (__zlsnap_kinds $words[1])
    set -l count 1
    set -l plain
    set -l value
    for word in $words[2..-1]
        if set -q value[1]
            set value
        else if not set -q plain[1]; and test "$word" = --
            set plain plain
        else if not set -q plain[1]; and string match -qr -- '^-.' $word
            contains -- $word $__zlsnap_valued; and set value yes
        else
            set count (math $count + 1)
        end
    end
    if string match -q '*+' -- $kinds[-1]; and not set -q kinds[$count]
        set count -1
    end
    for kind in (string trim -rc + -- $kinds[$count] | string split '|')
        switch $kind
            case dir file layer
                __zlsnap_paths $kind '' '' $plain
            case image
                if string match -q 'oci:*' -- (commandline -ct | string collect)
                    __zlsnap_paths dir oci: oci: plain
                else
                    printf 'oci:\tan image\0'
                end
            case store
                printf 's3://\tan S3 store\0'
            case remote
                printf 's3://\tan S3 store\0docker://\ta registry\0'
        end
    end
end

for program in zlsnap zlsnap.sh tarpack tarunpack shasum-tee
    complete -c $program -e
    complete -c $program -f
end
for program in zlsnap zlsnap.sh
    complete -c $program -n 'not __zlsnap_needs_command' -k -a '(__zlsnap_operand | string split0)'
end
for program in tarpack tarunpack
    complete -c $program -k -a '(__zlsnap_operand | string split0)'
end

# __zlsnap_add COMMAND DESCRIPTION
function __zlsnap_add
    complete -c zlsnap -c zlsnap.sh -n __zlsnap_needs_command -a $argv[1] -d $argv[2]
end

__zlsnap_add create 'write a directory as a layer'
__zlsnap_add extract 'restore a layer, or an image'
__zlsnap_add verify 'check digests, sizes, frames and structure'
__zlsnap_add list 'list what is in a layer'
__zlsnap_add info 'show what is known of a layer'
__zlsnap_add mtree 'print the manifest of a layer'
__zlsnap_add digest 'print the digest of a directory'
__zlsnap_add diff 'compare directories and layers'
__zlsnap_add oci 'make an image of layers'
__zlsnap_add push 'copy a layer or an image to a registry or a store'
__zlsnap_add pull 'copy it from there'
__zlsnap_add sync 'keep a directory in a store'
__zlsnap_add restore 'restore what was last kept there'
__zlsnap_add status 'show which layer it is'
__zlsnap_add refs 'list the names that there are'
__zlsnap_add gc 'remove what killed runs have left, and old layers'
complete -c zlsnap -c zlsnap.sh -n __zlsnap_needs_command -s h -l help -d 'show the help'
complete -c zlsnap -c zlsnap.sh -n __zlsnap_needs_command -s V -l version -d 'show the version'

# Lists of commands, for the options that they share.
set -l pack tarpack,create,sync,status
set -l content $pack,digest,diff
set -l unpack tarunpack,extract,restore
set -l readers $unpack,verify,list,info,mtree,diff
set -l zstd create,sync
set -l s3 push,sync
set -l registry push,pull
set -l image oci,push
set -l all tarpack,tarunpack,shasum-tee,create,extract,verify,list,info,mtree,digest,diff,oci,push
set all $all,pull,sync,restore,status,refs,gc

__zlsnap_option $all -s q -l quiet -d 'no warnings'
__zlsnap_option $all -s h -l help -d 'show the help'
__zlsnap_option $all -s V -l version -d 'show the version'
__zlsnap_option $content,$unpack,list -s v -l verbose -d 'name the entries, or say more'
__zlsnap_option shasum-tee,create,extract,verify,info,oci,push,pull,sync,restore \
    -l progress -f -a 'auto always never' -d 'draw a line while it works'

__zlsnap_option $content -l whiteouts -x -a 'oci raw' -d 'OverlayFS whiteouts'
__zlsnap_option $content -l exclude -x -d 'leave out what matches this glob'
__zlsnap_option $content -s X -l exclude-from -r -F -d 'leave out what matches a line of a file'
__zlsnap_option $content -s x -l one-file-system -d 'stay on the file system of the directory'
__zlsnap_option $content -l owner -x -d 'all belongs to this user'
__zlsnap_option $content -l group -x -d 'all belongs to this group'
__zlsnap_option $content,$unpack -l uid-map -x -d 'other user ids, IN:OUT:N'
__zlsnap_option $content,$unpack -l gid-map -x -d 'other group ids, IN:OUT:N'
__zlsnap_option $content -l xattrs-include -x -d 'also the attributes that match'
__zlsnap_option $content -l xattrs-exclude -x -d 'leave out the attributes that match'
__zlsnap_option $content,$unpack -l no-xattrs -d 'no extended attributes'
__zlsnap_option $content -l live -d 'the tree may change while it is read'
__zlsnap_option $content,$unpack -s j -l jobs -x -d 'number of threads'
__zlsnap_option $pack -l mtime -x -d 'all times are this one'
__zlsnap_option $pack -l clamp-mtime -f -d 'no time is later than this one'
__zlsnap_option $pack -l time-precision -x -a 'ns s' -d 'of modification times'

__zlsnap_option $unpack -l replace -d 'exchange the directory for what is unpacked, at once'
__zlsnap_option $unpack -l merge -d 'apply the layer onto the directory'
__zlsnap_option $unpack -l whiteouts -x -a 'overlay apply keep raw' -d 'what .wh. names become'
__zlsnap_option $unpack -l userxattr -d 'for mounts with the option userxattr'
__zlsnap_option $unpack -l same-owner -d 'an owner that cannot be restored is an error'
__zlsnap_option $unpack -l no-same-owner -d 'everything belongs to this user'
__zlsnap_option $unpack -l no-devices -d 'create no devices'
__zlsnap_option $unpack -l no-holes -d 'write zeros as they come'
__zlsnap_option $unpack -l no-sync -d 'do not wait until the tree is on the disk'
__zlsnap_option $unpack,tarpack -l summary -r -F -d 'write a summary to a file, as JSON'
__zlsnap_option $readers -l max-stream -x -d 'limit of the stream'
__zlsnap_option $readers -l max-size -x -d 'limit of all files'
__zlsnap_option $readers -l max-entries -x -d 'limit of entries'
__zlsnap_option $readers -l max-path -x -d 'limit of a path'
__zlsnap_option $readers -l max-depth -x -d 'limit of directories in each other'
__zlsnap_option $readers -l max-pax -x -d 'limit of an extended header'
__zlsnap_option $readers -l max-xattr -x -d 'limit of an attribute'

__zlsnap_option $zstd -s l -l level -x -d 'of compression, 1 to 22'
__zlsnap_option $zstd -s T -l threads -x -d 'of zstd'
__zlsnap_option $zstd -l long -f -d 'find repetitions as far apart as 2^N bytes'
__zlsnap_option $zstd -l rsyncable -d 'few changes of the directory change few bytes'

__zlsnap_option tarunpack,shasum-tee,extract,verify,list,mtree,restore -s e -l expect -x \
    -d 'this is the digest'
__zlsnap_option extract,list,mtree -l no-verify -d 'without a digest'
__zlsnap_option list -l names -d 'only the names'
__zlsnap_option info -l metadata -d 'only what LAYER.json says'
__zlsnap_option diff -l time -d 'modification times count, too'
__zlsnap_option tarunpack,shasum-tee,list,info,diff,refs -l json -d 'print JSON'
__zlsnap_option tarpack,digest -l cache -r -F -d 'remember digests in a file'

__zlsnap_option oci -s o -l output -x -a '(__zlsnap_value_dir | string split0)' -d 'where to'
__zlsnap_option $image -l compression -x -a 'zstd gzip' -d 'of layers'
__zlsnap_option $image -l arch -x -a 'amd64 arm64 arm 386 ppc64le riscv64 s390x' -d 'of the image'
__zlsnap_option $image -l annotation -x -d 'annotate the manifest, KEY=VALUE'

__zlsnap_option $registry -l authfile -r -F -d 'the credentials'
__zlsnap_option $registry -l cert-dir -x -a '(__zlsnap_value_dir | string split0)' \
    -d 'certificates for TLS'
__zlsnap_option $registry -l tls-verify -x -a 'true false' -d 'whether TLS is needed'
__zlsnap_option $registry -l retries -x -d 'try again so often where the network fails'
__zlsnap_option $s3 -l part-size -x -d 'send parts of so many MiB'
__zlsnap_option $s3 -l max-parts -x -d 'of more parts make larger ones'
__zlsnap_option push,pull,sync,restore,status,refs,gc -l config -r -F -d 's3cmd\'s configuration'
__zlsnap_option sync,status,gc -l state -x -a '(__zlsnap_value_dir | string split0)' \
    -d 'where the cache of digests is kept'

__zlsnap_option gc,tarunpack -l dry-run -d 'only print what would be removed'
__zlsnap_option gc,tarunpack -l older-than -x -d 'not what is younger than this'
__zlsnap_option gc -l keep-last -x -d 'also remove layers that are not among the last'

__zlsnap_option tarpack,tarunpack -l manifest -f -a time -d 'an mtree manifest'
__zlsnap_option tarunpack -l adopt -x -a '(__zlsnap_value_dir | string split0)' \
    -d 'a staging directory becomes the directory'
__zlsnap_option tarunpack -l clean -d 'remove what dead runs have left'
__zlsnap_option tarunpack -s t -l list -d 'check everything and list it, write nothing'

__zlsnap_option shasum-tee -s a -l algorithm -x -a '256 384 512' -d 'of the digest'
__zlsnap_option shasum-tee -s o -l output -r -F -d 'print the digest to a file'
__zlsnap_option shasum-tee -l oci -d 'print the digest as OCI has it'
__zlsnap_option shasum-tee -l zstd -d 'check a zstd stream, and print a digest of its content, too'
__zlsnap_option shasum-tee -l size -x -d 'so many bytes will come'
