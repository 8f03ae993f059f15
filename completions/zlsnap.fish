# Completion for fish 3.1 and later: zlsnap, tarpack, tarunpack, shasum-tee, tarstore, tarjoin and mtreediff. fish finds this file by the
# name of each program. tests/completions.bats compares the lists with --help.

# The options, long and short, whose value can be the next word.
set -g __zlsnap_valued

# Prints the words before the cursor, the first one without its directory.
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
    set -l words (__zlsnap_words)
    test (count $words) -eq 1; or test "$words[2..-1]" = help
end

# __zlsnap_option COMMAND[,COMMAND]... [ARGUMENT of complete]...: declares an option of these programs or
# commands of zlsnap.
function __zlsnap_option
    set -l commands
    for name in (string split , -- $argv[1])
        if contains -- $name tarpack tarunpack shasum-tee tarstore tarjoin mtreediff
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

# Prints the kinds of each operand of a command or program; a + marks one that can be repeated.
function __zlsnap_kinds
    switch $argv[1]
        case create
            printf '%s\n' dir file
        case extract
            printf '%s\n' 'layer|image' dir
        case describe
            printf '%s\n' layer
        case verify
            printf '%s\n' 'layer|image'
        case list info mtree
            printf '%s\n' layer 'dir|store'
        case digest tarpack tarunpack
            printf '%s\n' dir
        case mtreediff
            printf '%s\n' file file
        case diff
            printf '%s\n' layer 'layer|store' 'dir|store'
        case oci
            printf '%s\n' 'layer|image' layer+
        case push
            printf '%s\n' 'layer|image' remote
        case pull
            printf '%s\n' remote 'file|image|store' file
        case sync
            printf '%s\n' name dir 'dir|store'
        case restore
            printf '%s\n' name 'dir|store' dir
        case status copy
            printf '%s\n' name 'dir|store' 'dir|store'
        case snapshots check gc
            printf '%s\n' 'name|dir|store' 'dir|store'
        case forget
            printf '%s\n' name 'dir|store+'
        case clean
            printf '%s\n' 'dir+'
    end
end

# __zlsnap_paths dir|file|layer PREFIX SHOWN [plain]: prints the paths that begin with the word at the cursor
# after PREFIX, each with SHOWN before it and a NUL after it. Unless `plain` is given, paths that begin with a
# dash are left out, since they would be options; the user has to type ./ before them.
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

# Prints directories for the value of an option, in a separate word or after the =.
function __zlsnap_value_dir
    set -l token (commandline -ct | string collect)
    set -l prefix (string match -r -- '^--[a-z-]*=' $token)
    __zlsnap_paths dir "$prefix" '' plain
end

# Prints values of the operand at the cursor, each followed by a NUL.
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
                else if set -l scheme (commandline -ct | string collect | string match -r '^(?:oci|docker)-archive:')
                    __zlsnap_paths file $scheme $scheme plain
                else
                    printf 'oci:\tan image\0'
                end
            case store
                printf 's3://\tan S3 store\0rclone:\ta remote of rclone\0'
            case remote
                printf 's3://\tan S3 store\0docker://\ta registry\0'
        end
    end
end

for program in zlsnap zlsnap.sh tarpack tarunpack shasum-tee tarstore tarjoin mtreediff
    complete -c $program -e
    complete -c $program -f
end
for program in zlsnap zlsnap.sh
    complete -c $program -n 'not __zlsnap_needs_command' -k -a '(__zlsnap_operand | string split0)'
end
for program in tarpack tarunpack mtreediff
    complete -c $program -k -a '(__zlsnap_operand | string split0)'
end

# __zlsnap_add COMMAND DESCRIPTION
function __zlsnap_add
    complete -c zlsnap -c zlsnap.sh -n __zlsnap_needs_command -a $argv[1] -d $argv[2]
end

__zlsnap_add create 'pack a directory into a layer'
__zlsnap_add describe 'write LAYER.json for a layer without it'
__zlsnap_add extract 'restore a layer or an image'
__zlsnap_add verify 'check digests, sizes, frames and structure'
__zlsnap_add list 'list the entries of a layer or snapshot'
__zlsnap_add info 'show digests, sizes and contents of a layer or snapshot'
__zlsnap_add mtree 'print the manifest of a layer or snapshot'
__zlsnap_add digest 'print the tree digest of a directory'
__zlsnap_add diff 'compare directories, layers and snapshots'
__zlsnap_add oci 'make an image of layers'
__zlsnap_add push 'copy a layer or an image to a registry or a store'
__zlsnap_add pull 'copy it from there'
__zlsnap_add sync 'keep snapshots of a directory in a store'
__zlsnap_add restore 'restore a snapshot, or parts of it'
__zlsnap_add snapshots 'list snapshots'
__zlsnap_add status 'show the last snapshot of a name'
__zlsnap_add check 'check that a store has all that its snapshots need'
__zlsnap_add copy 'copy snapshots to another store'
__zlsnap_add forget 'forget all but some snapshots of a name'
__zlsnap_add gc 'delete what no snapshot needs any more'
__zlsnap_add clean 'remove what interrupted runs left on this machine'
__zlsnap_add help 'print the help of a command'
complete -c zlsnap -c zlsnap.sh -n __zlsnap_needs_command -s h -l help -d 'show the help'
complete -c zlsnap -c zlsnap.sh -n __zlsnap_needs_command -s V -l version -d 'show the version'

# Lists of commands that share options.
set -l pack tarpack,create,sync,status
set -l content $pack,digest,diff
set -l unpack tarunpack,extract,restore
set -l readers $unpack,describe,verify,list,info,mtree,diff
set -l zstd create,pull
set -l registry push,pull
set -l viewers list,info,mtree,diff,pull,restore,status
set -l writers sync,check,copy,forget,gc
set -l stores $viewers,$writers,snapshots
set -l image oci,push
set -l all tarpack,tarunpack,shasum-tee,tarstore,tarjoin,mtreediff,create,describe,extract,verify,digest,oci,push,$stores,clean,help

__zlsnap_option $all -s q -l quiet -d 'no warnings'
__zlsnap_option $all -s h -l help -d 'show the help'
__zlsnap_option $all -s V -l version -d 'show the version'
__zlsnap_option $content,$unpack,list,mtreediff -s v -l verbose -d 'list the entries, or say more'
__zlsnap_option shasum-tee,create,describe,extract,verify,info,oci,push,pull,sync,restore,check,gc \
    -l progress -f -a 'auto always never' -d 'draw a progress line'

__zlsnap_option $content -l whiteouts -x -a 'oci raw' -d 'OverlayFS whiteouts'
__zlsnap_option $content -l exclude -x -d 'leave out names that match a glob'
__zlsnap_option $content -s X -l exclude-from -r -F -d 'leave out names that match a pattern in a file'
__zlsnap_option $content -s x -l one-file-system -d 'stay on the file system of the directory'
__zlsnap_option $content -l owner -x -d 'owner of all entries'
__zlsnap_option $content -l group -x -d 'group of all entries'
__zlsnap_option $content,$unpack -l uid-map -x -d 'map user ids, IN:OUT:N'
__zlsnap_option $content,$unpack -l gid-map -x -d 'map group ids, IN:OUT:N'
__zlsnap_option $content,$unpack -l xattrs-include -x -d 'also the attributes that match'
__zlsnap_option $content -l xattrs-exclude -x -d 'leave out the attributes that match'
__zlsnap_option $content,$unpack -l no-xattrs -d 'no extended attributes'
__zlsnap_option $content -l live -d 'the tree may change while it is read'
__zlsnap_option $content,$unpack,tarstore,tarjoin -s j -l jobs -x -d 'number of threads'
__zlsnap_option $pack -l mtime -x -d 'set all modification times'
__zlsnap_option $pack -l clamp-mtime -f -d 'set later modification times to this'
__zlsnap_option $pack -l time-precision -x -a 'ns s' -d 'precision of modification times'

__zlsnap_option $unpack -l replace -d 'replace the directory atomically'
__zlsnap_option $unpack -l merge -d 'apply the layer to the directory'
__zlsnap_option $unpack -l whiteouts -x -a 'overlay apply keep raw' -d 'what whiteouts become'
__zlsnap_option $unpack -l userxattr -d 'for mounts with the option userxattr'
__zlsnap_option $unpack -l same-owner -d 'fail if an owner cannot be restored'
__zlsnap_option $unpack -l no-same-owner -d 'own all entries as the current user'
__zlsnap_option $unpack -l strict -d 'fail if anything cannot be restored'
__zlsnap_option $unpack -l no-devices -d 'create no devices'
__zlsnap_option $unpack -l no-holes -d 'create no holes'
__zlsnap_option $unpack,tarstore -l no-sync -d 'do not wait until everything is on the disk'
__zlsnap_option $unpack,tarpack,tarstore,tarjoin,mtreediff -l summary -r -F -d 'write a summary to a file, as JSON'
__zlsnap_option $readers -l max-stream -x -d 'maximum size of the stream'
__zlsnap_option $readers,mtreediff -l max-size -x -d 'maximum size of all files'
__zlsnap_option $readers -l max-entries -x -d 'maximum number of entries'
__zlsnap_option $readers -l max-path -x -d 'maximum length of a path'
__zlsnap_option $readers -l max-depth -x -d 'maximum depth of directories'
__zlsnap_option $readers -l max-pax -x -d 'maximum size of an extended header'
__zlsnap_option $readers -l max-xattr -x -d 'maximum size of an attribute'

__zlsnap_option $zstd,sync,tarstore -s l -l level -x -d 'compression level, 1 to 22'
__zlsnap_option $zstd -s T -l threads -x -d 'threads of zstd'
__zlsnap_option $zstd -l long -f -d 'find repetitions up to 2^N bytes apart'
__zlsnap_option $zstd -l rsyncable -d 'small changes in the directory cause small changes in the layer'

__zlsnap_option tarunpack,tarjoin,shasum-tee,describe,extract,verify,list,info,mtree,pull,restore,status -s e -l expect -x \
    -d 'expected digest'
__zlsnap_option extract,list,mtree -l no-verify -d 'expect no digest'
__zlsnap_option list -l names -d 'only the names'
__zlsnap_option sync,status,diff -l fresh-options -d 'use no options of the snapshot'
__zlsnap_option info -l metadata -d 'only what LAYER.json says'
__zlsnap_option digest,diff,mtree -l time -d 'modification times, too'
__zlsnap_option tarunpack,shasum-tee,create,list,info,diff,snapshots,status,check,forget,gc -l json -d 'print JSON'
__zlsnap_option tarpack,digest -l cache -r -F -d 'store digests in a file'
__zlsnap_option tarpack -l contents -x -d 'write new contents to a descriptor'
__zlsnap_option tarpack -l chunks -r -F -d 'write the chunk map to a file'
__zlsnap_option tarpack -l known -x -a '(__zlsnap_value_dir | string split0)' \
    -d 'contents in the packs of a directory are not new'
__zlsnap_option tarpack -l known-chunks -r -F -d 'the chunk map of the last run'

__zlsnap_option oci -s o -l output -x -a '(__zlsnap_value_dir | string split0)' -d 'image layout to write'
__zlsnap_option $image -l compression -x -a 'zstd gzip' -d 'compression of layers'
__zlsnap_option $image -l arch -x -a 'amd64 arm64 arm 386 ppc64le riscv64 s390x' -d 'architecture of the image'
__zlsnap_option $image -l annotation -x -d 'annotate the manifest, KEY=VALUE'

__zlsnap_option extract,verify,oci,$registry -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7 linux/386' \
    -d 'platform of the image, OS/ARCH'

__zlsnap_option $registry -l authfile -r -F -d 'the credentials'
__zlsnap_option $registry -l cert-dir -x -a '(__zlsnap_value_dir | string split0)' \
    -d 'certificates for TLS'
__zlsnap_option $registry -l tls-verify -x -a 'true false' -d 'whether TLS is needed'
__zlsnap_option $registry -l retries -x -d 'number of retries'
__zlsnap_option push -l part-size -x -d 'size of a part in MiB'
__zlsnap_option push -l max-parts -x -d 'maximum number of parts'
__zlsnap_option push,$stores -l config -r -F -d 's3cmd\'s configuration'
__zlsnap_option $writers -l seal -x -d 'a filter for objects on their way to the store'
__zlsnap_option $stores -l open -x -d 'a filter for objects on their way from the store'
__zlsnap_option sync -l sign -x -d 'a filter that prints a signature'
__zlsnap_option $viewers,check -l verify -x -d 'a command that verifies the signature'
__zlsnap_option sync,status,clean -l state -x -a '(__zlsnap_value_dir | string split0)' \
    -d 'where the cache of digests is kept'

__zlsnap_option check -l read-data -d 'verify all contents, and note damage in the store'
__zlsnap_option copy -l all -d 'all snapshots of the name'
__zlsnap_option create,sync,check,forget,gc,clean -s n -l dry-run -d 'only print what would be done'
__zlsnap_option tarunpack -l dry-run -d 'only print what would be done'
__zlsnap_option clean,tarunpack -l older-than -x -d 'minimum age'
__zlsnap_option gc -l grace -x -d 'how long objects are doomed before they are deleted'
__zlsnap_option gc -l allow-remove-all -d 'also for names that have no snapshot'
__zlsnap_option forget -l all -d 'forget the whole name'
__zlsnap_option forget -l keep-last -x -d 'keep the last snapshots'
__zlsnap_option forget -l keep-hourly -x -d 'keep one for each of the last hours'
__zlsnap_option forget -l keep-daily -x -d 'keep one for each of the last days'
__zlsnap_option forget -l keep-weekly -x -d 'keep one for each of the last weeks'
__zlsnap_option forget -l keep-monthly -x -d 'keep one for each of the last months'
__zlsnap_option forget -l keep-yearly -x -d 'keep one for each of the last years'

__zlsnap_option tarpack,tarunpack -l manifest -f -a time -d 'print an mtree manifest'
__zlsnap_option tarunpack -l adopt -x -a '(__zlsnap_value_dir | string split0)' \
    -d 'a staging directory becomes the directory'
__zlsnap_option tarunpack -l from-manifest -d 'list a manifest instead of an archive'
__zlsnap_option tarunpack -l clean -d 'remove what interrupted runs left'
__zlsnap_option tarunpack -s t -l list -d 'check everything and list it, write nothing'

__zlsnap_option shasum-tee -s a -l algorithm -x -a '256 384 512' -d 'algorithm of the digest'
__zlsnap_option shasum-tee -s o -l output -r -F -d 'print the digest to a file'
__zlsnap_option shasum-tee -l oci -d 'print the digest in the form of OCI'
__zlsnap_option shasum-tee -l zstd -d 'check a zstd stream, and print a digest of its content, too'
__zlsnap_option shasum-tee -l size -x -d 'expected number of bytes'

__zlsnap_option tarstore -l pack-size -x -d 'end a pack at this size'

__zlsnap_option tarjoin -l packs -x -a '(__zlsnap_value_dir | string split0)' \
    -d 'the directory of the packs'
__zlsnap_option tarjoin -l indexes -x -a '(__zlsnap_value_dir | string split0)' \
    -d 'the directory of the indexes'
__zlsnap_option tarjoin -l chunks -r -F -d 'the chunk map of the manifest'
__zlsnap_option tarjoin -l path -x -d 'write only this entry and what is below it'
__zlsnap_option tarjoin -l needs -d 'print the packs that are needed, and how much of them'

__zlsnap_option mtreediff -l apply -d 'make the new file of the old one and a delta'
__zlsnap_option mtreediff -l format -x -a 'text json' -d 'print the differences'
