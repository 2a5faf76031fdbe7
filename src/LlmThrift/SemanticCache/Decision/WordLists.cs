using System.Collections.Frozen;

namespace LlmThrift.SemanticCache;

/// <summary>
/// Words that decide what a question asks, in the languages most written to support desks. Looked up by the hash that
/// <see cref="QuestionText"/> keeps of each word. Short on purpose: what is missing here is left to similarity and to evidence.
/// </summary>
internal static class WordLists
{
    private const string StopWords = """
        a an the of to in on for with at by from is are was were be been being am do does did done can could will would should shall may might must
        have has had i you he she it we they me my mine your yours our ours their his her its this that these those and or but if so as than then there here
        what which who whom whose when where why how any some get got getting just about into out up down over also very too please want need know
        like able possible tell help hi hello hey thanks thank ok okay im ive id ill youre theyre whats hows wheres s t d ll re ve m
        der die das ein eine einen einem einer und oder ist sind war ich du er sie es wir ihr mein meine dein kann wie was wo wann warum zu von mit auf für in im am an bei sie ihr ihre ihnen uns
        habe haben hat können könnte möchte bitte
        le la les un une des et ou est sont je tu il elle nous vous mon ma mes ce cette comment quoi quel quelle où quand pourquoi de du à au en pour avec sur
        el los las una y o es son yo tú él ella mi mis su sus cómo qué cuál dónde cuándo por para con en del al lo
        il lo gli uno e è sono io mio mia come che cosa quale dove quando perché di da per con su
        os as um uma é são eu meu minha como qual onde quando porque do da no na com em
        het een en of ik jij mijn hoe wat waar wanneer waarom van met op voor
        """;

    private const string Negations = """
        not no never none cannot without nothing nobody neither nor unable isnt arent wasnt werent dont doesnt didnt cant couldnt wont wouldnt shouldnt hasnt havent hadnt aint
        nicht kein keine keinen keinem nie niemals ohne nichts pas jamais sans aucun aucune rien nunca sin jamás ningún ninguno ninguna nada non mai senza nessun nessuno niente
        não sem nenhum nenhuma niet geen nooit zonder inte ingen inget aldrig utan ikke aldri uten nie bez не нет без никогда нельзя ei
        不 没 無 无 未 别 勿 莫 않 못 없
        """;

    private const string Directions = """
        from to into onto than before after over under by against versus vs between through via towards toward
        von nach zu aus vor de à vers avant après desde hasta a hacia antes después da per prima dopo para naar van из в до после 从 到 比
        """;

    /// <summary>Words of one line mean the same.</summary>
    private const string Units = """
        usd dollar dollars us$ $
        eur euro euros €
        gbp pound pounds sterling £
        jpy yen ¥
        inr rupee rupees ₹
        cny yuan rmb renminbi
        chf franc francs
        cad
        aud
        btc bitcoin bitcoins
        eth ethereum ether
        percent percentage %
        km kilometer kilometers kilometre kilometres
        mile miles mi
        meter meters metre metres
        foot feet ft
        cm centimeter centimeters
        inch inches
        kg kilo kilos kilogram kilograms
        lb lbs
        gram grams
        ounce ounces oz
        mg milligram milligrams
        celsius centigrade
        fahrenheit
        liter liters litre litres
        gallon gallons
        ml milliliter milliliters
        kb kilobyte kilobytes
        mb megabyte megabytes
        gb gigabyte gigabytes
        tb terabyte terabytes
        second seconds sec secs
        minute minutes min mins
        hour hours hr hrs
        day days
        week weeks
        month months
        year years
        """;

    private const string Dates = """
        january jan
        february feb
        march
        april apr
        june jun
        july jul
        august aug
        september sept sep
        october oct
        november nov
        december dec
        monday mondays
        tuesday tuesdays
        wednesday wednesdays
        thursday thursdays
        friday fridays
        saturday saturdays
        sunday sundays
        weekend weekends
        weekday weekdays
        today tonight
        tomorrow
        yesterday
        easter
        christmas xmas
        spring
        summer
        autumn
        winter
        montag
        dienstag
        mittwoch
        donnerstag
        freitag
        samstag
        sonntag
        heute
        morgen
        gestern
        lundi
        mardi
        mercredi
        jeudi
        vendredi
        samedi
        dimanche
        demain
        hier
        lunes
        martes
        miércoles
        jueves
        viernes
        sábado
        domingo
        hoy
        mañana
        ayer
        """;

    /// <summary>Words of one line are one number.</summary>
    private const string Numbers = """
        0 zero
        2 two second 2nd zwei deux dos due dois twee
        3 three third 3rd drei trois tres tre três drie
        4 four fourth 4th vier quatre cuatro quattro quatro
        5 five fifth 5th fünf cinq cinco cinque vijf
        6 six sixth 6th sechs seis sei zes
        7 seven seventh 7th sieben sept siete sette sete zeven
        8 eight eighth 8th acht huit ocho otto oito
        9 nine ninth 9th neun neuf nueve nove negen
        10 ten tenth 10th zehn dix diez dieci dez tien
        11 eleven 11th
        12 twelve twelfth 12th dozen zwölf douze doce dodici doze
        13 thirteen 13th
        14 fourteen 14th
        15 fifteen 15th
        16 sixteen 16th
        17 seventeen 17th
        18 eighteen 18th
        19 nineteen 19th
        20 twenty 20th
        30 thirty 30th
        40 forty
        50 fifty
        60 sixty
        70 seventy
        80 eighty
        90 ninety
        100 hundred
        1000 thousand
        1000000 million
        1000000000 billion
        half
        quarter
        double twice
        triple
        """;

    /// <summary>What stands on one side of the bar is the opposite of what stands on the other.</summary>
    private const string Opposites = """
        enable enabled enabling activate activated activating|disable disabled disabling deactivate deactivated deactivating
        on|off
        open opened opening reopen|close closed closing shut
        start started starting begin launch|stop stopped stopping end ended finish cancel terminate quit
        up|down
        login signin|logout signout logoff
        upgrade|downgrade
        increase increased increasing raise raised rise rising grow higher gain|decrease decreased decreasing reduce reduced lower lowered fall falling drop dropped shrink lose
        add added adding insert include included including create created creating|remove removed removing delete deleted deleting exclude excluded excluding erase destroy
        install installed installing|uninstall uninstalled uninstalling
        subscribe|unsubscribe
        lock locked locking freeze frozen|unlock unlocked unlocking unfreeze unfrozen
        block blocked ban banned|unblock unblocked unban allow allowed permit
        buy buying bought purchase purchasing|sell selling sold sale
        send sending sent transmit outgoing outbound sender|receive receiving received incoming inbound recipient receiver
        upload uploading|download downloading
        import importing imported|export exporting exported
        in inside|out outside
        before earlier prior|after afterwards later following
        within during|after beyond
        first earliest|last latest final
        max maximum highest largest biggest most greatest tallest longest|min minimum lowest smallest least shortest
        more|less fewer
        best better|worst worse
        cheap cheapest cheaper inexpensive|expensive dearest priciest costly
        always|never
        with|without
        allow allowed accept accepted approve approved grant granted permit permitted|deny denied reject rejected decline declined forbid forbidden prohibit prohibited refuse refused revoke revoked
        show shown display visible unhide|hide hidden invisible
        encrypt encryption encrypted|decrypt decryption decrypted
        encode encoding|decode decoding
        compress compression zip|decompress decompression unzip extract
        push|pull
        connect connected connecting|disconnect disconnected disconnecting
        follow|unfollow
        join enter|leave exit
        win winning won|lose losing lost
        deposit deposits|withdraw withdrawal withdrawals withdrawing
        credit|debit
        lend lending loan|borrow borrowing
        arrive arriving arrival arrivals|depart departing departure departures leave leaving
        hot warm heat heating|cold cool cooling
        new newest newer|old oldest older
        long longer|short shorter
        big bigger large larger|small smaller little
        high higher|low lower
        fast faster quick fastest|slow slower slowest
        left|right
        north northern|south southern
        east eastern|west western
        male man men boy boys husband father son|female woman women girl girls wife mother daughter
        morning|evening night afternoon
        day daytime|night
        internal|external
        public|private
        ascending asc|descending desc
        pass passed passing succeed success|fail failed failing failure
        legal lawful|illegal unlawful
        safe safely|dangerous unsafe harmful
        advantage advantages pros benefit benefits|disadvantage disadvantages cons drawback drawbacks risks
        positive|negative
        true|false
        even|odd
        domestic|international abroad overseas
        employer employers|employee employees
        landlord|tenant
        teacher|student
        row rows|column columns
        horizontal|vertical
        gross|net
        physical|virtual
        personal|business corporate
        manual manually|automatic automatically
        online|offline
        early|late
        strong stronger|weak weaker
        heavy heavier|light lighter
        full|empty partial
        rent renting|own owning
        charge charged|refund refunded
        mount|unmount
        read reading|write writing
        input|output
        server|client
        client customer|supplier vendor
        prepaid|postpaid
        ingress|egress
        merge|split
        expand|collapse
        pause|resume
        attach|detach
        forward|backward backwards
        front|back
        top|bottom
        horizontally|vertically
        inhale|exhale
        acute|chronic
        benign|malignant
        öffnen|schließen
        kaufen|verkaufen
        anmelden|abmelden
        einschalten anschalten|ausschalten abschalten
        hinzufügen|entfernen löschen
        erhöhen|senken verringern
        sperren|entsperren
        einzahlen|auszahlen abheben
        senden|empfangen
        ouvrir|fermer
        acheter|vendre
        ajouter|supprimer enlever
        augmenter|diminuer réduire baisser
        monter|descendre
        envoyer|recevoir
        avec|sans
        avant|après
        abrir|cerrar fechar
        comprar|vender
        subir aumentar|bajar disminuir reducir
        añadir agregar|eliminar quitar borrar
        enviar|recibir
        con|sin senza
        aprire|chiudere
        comprare|vendere
        aumentare|diminuire ridurre
        con|senza
        com|sem
        включить|выключить отключить
        открыть|закрыть
        купить|продать
        打开 开|关闭 关
        买|卖
        """;

    /// <summary>Prefixes that turn a word into its opposite; the rest must itself be a word of the other question.</summary>
    private static readonly string[] ReversingPrefixes =
    [
        "un",
        "dis",
        "de",
        "des",
        "dés",
        "in",
        "im",
        "ir",
        "il",
        "non",
        "mis",
        "anti",
        "ent",
        "hyper",
        "hypo",
        "pre",
        "post",
        "over",
        "under",
        "up",
        "down",
    ];

    private static readonly string[][] LanguageWords =
    [
        Words("the is are what how do does my can i you of and to for with when where why which this that it have"),
        Words("der die das ist sind wie was wo wann warum ich mein meine kann und nicht für mit von zu ein eine den dem"),
        Words("le la les est sont comment quel quelle où quand pourquoi je mon ma mes et pas pour avec une des du puis puis-je"),
        Words("el los las es son cómo qué cuál dónde cuándo por mi mis y para con una del puedo está"),
        Words("il lo gli è sono come cosa quale dove quando perché mio mia posso e per con una della del"),
        Words("os as é são como qual onde quando porque meu minha posso e para com uma do da não"),
        Words("het een is zijn hoe wat waar wanneer waarom ik mijn kan en niet voor met van de"),
    ];

    private static readonly FrozenDictionary<uint, WordKinds> Kinds = BuildKinds();
    private static readonly FrozenDictionary<uint, uint> Meanings = BuildMeanings();
    private static readonly FrozenDictionary<uint, short[]> Sides = BuildSides();
    private static readonly FrozenDictionary<uint, byte> Languages = BuildLanguages();

    /// <summary>What the word with this hash can decide.</summary>
    public static WordKinds KindsOf(uint word) => Kinds.GetValueOrDefault(word);

    /// <summary>One hash for all words of one meaning, among numbers, units and dates; the word's own otherwise.</summary>
    public static uint MeaningOf(uint word) => Meanings.GetValueOrDefault(word, word);

    /// <summary>The sides that the word takes in pairs of opposites: twice the pair's number, and 1 more on its second side.</summary>
    public static short[] SidesOf(uint word) => Sides.GetValueOrDefault(word) ?? [];

    /// <summary>A bit for each language that the word is a common one of.</summary>
    public static byte LanguagesOf(uint word) => Languages.GetValueOrDefault(word);

    /// <summary>The length of the prefix that reverses the word; 0 when it has none.</summary>
    public static int ReversingPrefixOf(ReadOnlySpan<char> lowerCase)
    {
        var longest = 0;
        foreach (var prefix in ReversingPrefixes)
        {
            if (prefix.Length > longest && lowerCase.Length >= prefix.Length + 3 && lowerCase.StartsWith(prefix, StringComparison.Ordinal))
            {
                longest = prefix.Length;
            }
        }

        return longest;
    }

    private static string[] Words(string list) => list.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static string[] Lines(string list) => list.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static FrozenDictionary<uint, WordKinds> BuildKinds()
    {
        var kinds = new Dictionary<uint, WordKinds>();
        Mark(StopWords, WordKinds.Stop);
        Mark(Negations, WordKinds.Negation);
        Mark(Directions, WordKinds.Direction);
        Mark(Units, WordKinds.Unit);
        Mark(Dates, WordKinds.Date);
        Mark(Numbers, WordKinds.Number);
        Mark(Opposites.Replace('|', ' '), WordKinds.Opposite);
        return kinds.ToFrozenDictionary();

        void Mark(string list, WordKinds kind)
        {
            foreach (var word in Words(list))
            {
                var hash = QuestionText.Hash(word);
                kinds[hash] = kinds.GetValueOrDefault(hash) | kind;
            }
        }
    }

    private static FrozenDictionary<uint, uint> BuildMeanings()
    {
        var meanings = new Dictionary<uint, uint>();
        foreach (var line in Lines(Units).Concat(Lines(Dates)).Concat(Lines(Numbers)))
        {
            var words = Words(line);
            foreach (var word in words)
            {
                meanings.TryAdd(QuestionText.Hash(word), QuestionText.Hash(words[0]));
            }
        }

        return meanings.ToFrozenDictionary();
    }

    private static FrozenDictionary<uint, short[]> BuildSides()
    {
        var sides = new Dictionary<uint, List<short>>();
        var lines = Lines(Opposites);
        for (var pair = 0; pair < lines.Length; pair++)
        {
            var halves = lines[pair].Split('|');
            for (var half = 0; half < 2; half++)
            {
                foreach (var word in Words(halves[half]))
                {
                    var hash = QuestionText.Hash(word);
                    if (!sides.TryGetValue(hash, out var list))
                    {
                        sides[hash] = list = [];
                    }

                    list.Add((short)((2 * pair) + half));
                }
            }
        }

        return sides.ToFrozenDictionary(side => side.Key, side => side.Value.ToArray());
    }

    private static FrozenDictionary<uint, byte> BuildLanguages()
    {
        var languages = new Dictionary<uint, byte>();
        for (var language = 0; language < LanguageWords.Length; language++)
        {
            foreach (var word in LanguageWords[language])
            {
                var hash = QuestionText.Hash(word);
                languages[hash] = (byte)(languages.GetValueOrDefault(hash) | (1 << language));
            }
        }

        return languages.ToFrozenDictionary();
    }
}
