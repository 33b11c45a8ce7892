// The marketplace's own markers (M4): a second engine beside ClamAV, for what is no virus by itself and has no place in a model.
// A finding names the rule by its `title`. Keep rules exact: an ordinary file must not match.

rule test_marker
{
    meta:
        title = "MLPlace.Test.Marker"
    strings:
        $marker = "MLPLACE-MODERATION-TEST-MARKER:6f1d0c52-THIS-FILE-IS-HARMLESS"
    condition:
        $marker
}

rule miner_pool
{
    meta:
        title = "Miner.Pool"
    strings:
        $stratum = /stratum\+(tcp|ssl|tcps):\/\/[a-z0-9.-]{4,}:[0-9]{2,5}/
        $options = "--donate-level" fullword
        $monero = "randomx" fullword nocase
    condition:
        $stratum or ($options and $monero)
}

rule reverse_shell
{
    meta:
        title = "Shell.Reverse"
    strings:
        $bash = /bash -i >& ?\/dev\/tcp\/[0-9a-z.-]{4,}\/[0-9]{2,5}/
        $netcat = /\bnc(at)? (-[a-z]+ )*-e \/bin\/(ba)?sh\b/
        $python = /socket\.socket\([^)]{0,80}\);?\s{0,8}\w+\.connect\(\(.{1,80}os\.dup2\(/
    condition:
        any of them
}

rule credential_theft
{
    meta:
        title = "Stealer.Browser"
    strings:
        $chrome = "\\Google\\Chrome\\User Data\\Default\\Login Data" nocase
        $firefox = "\\Mozilla\\Firefox\\Profiles" nocase
        $wallet = "\\Ethereum\\keystore" nocase
        $discord = "discord.com/api/webhooks/"
        $telegram = "api.telegram.org/bot"
    condition:
        ($chrome and $firefox) or (any of ($chrome, $firefox, $wallet) and any of ($discord, $telegram))
}
