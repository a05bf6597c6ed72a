"""Word translation between English, French and Japanese, and small arithmetic."""

from tools.train_demo.corpus.relations import Relation

# English, French, Japanese, and how the Japanese is read.
VOCABULARY = (
    ("dog", "chien", "犬", "inu"), ("cat", "chat", "猫", "neko"), ("bird", "oiseau", "鳥", "tori"),
    ("fish", "poisson", "魚", "sakana"), ("horse", "cheval", "馬", "uma"),
    ("cow", "vache", "牛", "ushi"), ("rabbit", "lapin", "うさぎ", "usagi"),
    ("bear", "ours", "熊", "kuma"), ("fox", "renard", "きつね", "kitsune"),
    ("mouse", "souris", "ねずみ", "nezumi"), ("elephant", "éléphant", "象", "zō"),
    ("monkey", "singe", "猿", "saru"), ("frog", "grenouille", "かえる", "kaeru"),
    ("apple", "pomme", "りんご", "ringo"), ("bread", "pain", "パン", "pan"),
    ("water", "eau", "水", "mizu"), ("tea", "thé", "お茶", "ocha"),
    ("milk", "lait", "牛乳", "gyūnyū"), ("rice", "riz", "ご飯", "gohan"),
    ("egg", "œuf", "卵", "tamago"), ("meat", "viande", "肉", "niku"),
    ("cake", "gâteau", "ケーキ", "kēki"), ("coffee", "café", "コーヒー", "kōhī"),
    ("salt", "sel", "塩", "shio"), ("sun", "soleil", "太陽", "taiyō"),
    ("moon", "lune", "月", "tsuki"), ("star", "étoile", "星", "hoshi"),
    ("sky", "ciel", "空", "sora"), ("rain", "pluie", "雨", "ame"),
    ("snow", "neige", "雪", "yuki"), ("wind", "vent", "風", "kaze"),
    ("sea", "mer", "海", "umi"), ("mountain", "montagne", "山", "yama"),
    ("river", "rivière", "川", "kawa"), ("forest", "forêt", "森", "mori"),
    ("flower", "fleur", "花", "hana"), ("tree", "arbre", "木", "ki"),
    ("house", "maison", "家", "ie"), ("door", "porte", "ドア", "doa"),
    ("window", "fenêtre", "窓", "mado"), ("table", "table", "机", "tsukue"),
    ("chair", "chaise", "椅子", "isu"), ("book", "livre", "本", "hon"),
    ("key", "clé", "鍵", "kagi"), ("car", "voiture", "車", "kuruma"),
    ("train", "train", "電車", "densha"), ("school", "école", "学校", "gakkō"),
    ("friend", "ami", "友達", "tomodachi"), ("child", "enfant", "子供", "kodomo"),
    ("mother", "mère", "母", "haha"), ("father", "père", "父", "chichi"),
    ("man", "homme", "男", "otoko"), ("woman", "femme", "女", "onna"),
    ("hand", "main", "手", "te"), ("eye", "œil", "目", "me"), ("ear", "oreille", "耳", "mimi"),
    ("heart", "cœur", "心", "kokoro"), ("red", "rouge", "赤", "aka"), ("blue", "bleu", "青", "ao"),
    ("white", "blanc", "白", "shiro"), ("black", "noir", "黒", "kuro"),
    ("one", "un", "一", "ichi"), ("two", "deux", "二", "ni"), ("three", "trois", "三", "san"),
    ("big", "grand", "大きい", "ōkii"), ("small", "petit", "小さい", "chiisai"),
    ("today", "aujourd'hui", "今日", "kyō"), ("tomorrow", "demain", "明日", "ashita"),
    ("night", "nuit", "夜", "yoru"), ("morning", "matin", "朝", "asa"),
    ("hello", "bonjour", "こんにちは", "konnichiwa"),
    ("goodbye", "au revoir", "さようなら", "sayōnara"),
    ("thank you", "merci", "ありがとう", "arigatō"), ("yes", "oui", "はい", "hai"),
    ("no", "non", "いいえ", "iie"), ("music", "musique", "音楽", "ongaku"),
    ("love", "amour", "愛", "ai"), ("dream", "rêve", "夢", "yume"),
    ("sheep", "mouton", "羊", "hitsuji"), ("pig", "cochon", "豚", "buta"),
    ("duck", "canard", "あひる", "ahiru"), ("wolf", "loup", "狼", "ōkami"),
    ("turtle", "tortue", "かめ", "kame"), ("bee", "abeille", "蜂", "hachi"),
    ("butterfly", "papillon", "蝶", "chō"), ("spider", "araignée", "蜘蛛", "kumo"),
    ("lemon", "citron", "レモン", "remon"), ("strawberry", "fraise", "いちご", "ichigo"),
    ("grape", "raisin", "ぶどう", "budō"), ("potato", "pomme de terre", "じゃがいも", "jagaimo"),
    ("carrot", "carotte", "にんじん", "ninjin"), ("onion", "oignon", "玉ねぎ", "tamanegi"),
    ("cheese", "fromage", "チーズ", "chīzu"), ("sugar", "sucre", "砂糖", "satō"),
    ("soup", "soupe", "スープ", "sūpu"), ("butter", "beurre", "バター", "batā"),
    ("summer", "été", "夏", "natsu"), ("winter", "hiver", "冬", "fuyu"),
    ("spring", "printemps", "春", "haru"), ("autumn", "automne", "秋", "aki"),
    ("day", "jour", "日", "hi"), ("week", "semaine", "週", "shū"),
    ("year", "année", "年", "toshi"), ("town", "ville", "町", "machi"),
    ("street", "rue", "道", "michi"), ("bridge", "pont", "橋", "hashi"),
    ("garden", "jardin", "庭", "niwa"), ("hospital", "hôpital", "病院", "byōin"),
    ("teacher", "professeur", "先生", "sensei"), ("doctor", "médecin", "医者", "isha"),
    ("king", "roi", "王", "ō"), ("brother", "frère", "兄", "ani"),
    ("sister", "sœur", "姉", "ane"), ("head", "tête", "頭", "atama"),
    ("mouth", "bouche", "口", "kuchi"), ("nose", "nez", "鼻", "hana"),
    ("foot", "pied", "足", "ashi"), ("green", "vert", "緑", "midori"),
    ("yellow", "jaune", "黄色", "kiiro"), ("four", "quatre", "四", "yon"),
    ("five", "cinq", "五", "go"), ("seven", "sept", "七", "nana"),
    ("eight", "huit", "八", "hachi"), ("nine", "neuf", "九", "kyū"), ("ten", "dix", "十", "jū"),
    ("new", "nouveau", "新しい", "atarashii"), ("old", "vieux", "古い", "furui"),
    ("hot", "chaud", "暑い", "atsui"), ("cold", "froid", "寒い", "samui"),
    ("good", "bon", "良い", "yoi"), ("beautiful", "beau", "美しい", "utsukushii"),
    ("paper", "papier", "紙", "kami"), ("pencil", "crayon", "鉛筆", "enpitsu"),
    ("letter", "lettre", "手紙", "tegami"), ("clock", "horloge", "時計", "tokei"),
    ("boat", "bateau", "船", "fune"), ("bicycle", "vélo", "自転車", "jitensha"),
    ("plane", "avion", "飛行機", "hikōki"), ("fire", "feu", "火", "hi"),
    ("stone", "pierre", "石", "ishi"), ("hat", "chapeau", "帽子", "bōshi"),
    ("shoe", "chaussure", "靴", "kutsu"), ("money", "argent", "お金", "okane"),
    ("world", "monde", "世界", "sekai"), ("peace", "paix", "平和", "heiwa"),
    ("please", "s'il vous plaît", "お願いします", "onegaishimasu"),
    ("sorry", "pardon", "ごめんなさい", "gomennasai"),
    ("good night", "bonne nuit", "おやすみなさい", "oyasuminasai"),
)  # fmt: skip

NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty",
)  # fmt: skip

_TO_FRENCH = (
    "How do you say {q} in French?", 'How do you say "{q}" in French?',
    "Translate {q} into French.", "Translate {q} to French.", "What is {q} in French?",
    "What is the French word for {q}?", "{q} in French?", "French for {q}?",
    'Translate the word "{q}" into French.', "Say {q} in French.", "The French word for {q}?",
    "Please translate {q} into French.", "Do you know the French word for {q}?",
    "I would like to say {q} in French.", 'Translate "{q}" into French.',
)  # fmt: skip
_TO_JAPANESE = tuple(phrasing.replace("French", "Japanese") for phrasing in _TO_FRENCH)
_TO_ENGLISH = (
    "What does {q} mean?", "What does {q} mean in English?", "What is {q} in English?",
    "Translate {q} into English.", "Translate {q} to English.", "How do you say {q} in English?",
    "What is the English word for {q}?", "What is the meaning of {q}?", "{q} in English?",
    "Do you know what {q} means?", "I would like to know what {q} means.",
    'What does "{q}" mean?', "Please translate {q} into English.", "English for {q}?",
    "Can you translate {q} into English?", 'Translate "{q}" into English.', "Meaning of {q}?",
)  # fmt: skip

TRANSLATIONS = (
    Relation(
        "to French", {english: french for english, french, _, _ in VOCABULARY}, _TO_FRENCH,
        ("The French word for {q} is {a}.", "{q} in French is {a}.", "{a}."),
        unseen=("How would you say {q} in French?",), weight=4,
    ),
    Relation(
        "to Japanese",
        {english: f"{japanese} ({read})" for english, _, japanese, read in VOCABULARY},
        _TO_JAPANESE,
        ("The Japanese word for {q} is {a}.", "{q} in Japanese is {a}.", "{a}."),
        unseen=("How would you say {q} in Japanese?",), weight=4,
    ),
    Relation(
        "from French",
        {french: english for english, french, _, _ in VOCABULARY if english != french},
        _TO_ENGLISH, ('{q} means "{a}".', 'It means "{a}".', "{a}."),
        unseen=("Tell me what {q} means.",), weight=5,
    ),
    Relation(
        "from Japanese", {japanese: english for english, _, japanese, _ in VOCABULARY},
        (*_TO_ENGLISH, "{q}は英語で何ですか。", "{q}を英語に訳してください。", "{q}は英語で？",
         "{q}を英語にしてください。", "英語で{q}は何ですか。", "{q}の英語は？",
         "{q}を英語で言ってください。"),
        ('{q} means "{a}".', 'It means "{a}".', "{a}."),
        unseen=("Tell me what {q} means.", "{q}は英語で何と言いますか。"), weight=4,
    ),
    Relation(
        "Japanese to French", {japanese: french for _, french, japanese, _ in VOCABULARY},
        ("{q}はフランス語で何ですか。", "{q}をフランス語に訳してください。", "{q}はフランス語で？",
         "What is {q} in French?", "{q}をフランス語にしてください。", "フランス語で{q}は何ですか。",
         "{q}のフランス語は？", "{q}をフランス語で言ってください。"),
        ("{q}はフランス語で「{a}」です。", "「{a}」です。"),
        unseen=("{q}はフランス語で何と言いますか。",), weight=3,
    ),
)  # fmt: skip

_ASKED_SUM = (
    "What is {q}?", "{q} = ?", "{q}", "{q} =", "How much is {q}?", "Calculate {q}.",
    "What's {q}?", "Compute {q}.", "{q}は？", "{q}はいくつですか。", "Please calculate {q}.",
    "Work out {q}.", "Solve {q}.", "{q} equals?", "What does {q} make?", "How much does {q} make?",
    "Do you know what {q} is?", "I would like to know what {q} is.", "Give me the result of {q}.",
)  # fmt: skip
_ANSWERED_SUM = ("{q} = {a}.", "{q} = {a}.", "The answer is {a}.", "{a}.")
_UNSEEN_SUM = ("Can you calculate {q}?", "Tell me what {q} is.")


def _sums(symbol: str, word: str) -> tuple[dict[str, str], dict[str, str]]:
    """A table in figures and one in words."""
    figures: dict[str, str] = {}
    words: dict[str, str] = {}
    largest = 12 if symbol == "×" else 20
    for one in range(largest + 1):
        for other in range(largest + 1):
            result = {"+": one + other, "-": one - other, "×": one * other}[symbol]
            if result < 0:
                continue
            figures[f"{one} {symbol} {other}"] = str(result)
            if max(one, other) <= 10 and result <= 20:
                words[f"{NUMBERS[one]} {word} {NUMBERS[other]}"] = NUMBERS[result]
    return figures, words


def _arithmetic() -> tuple[Relation, ...]:
    relations = []
    for topic, symbol, word in (
        ("addition", "+", "plus"), ("subtraction", "-", "minus"), ("multiplication", "×", "times"),
    ):  # fmt: skip
        figures, words = _sums(symbol, word)
        if symbol == "×":
            figures |= {item.replace("×", "*"): answer for item, answer in figures.items()}
        figures |= {item.replace(" ", ""): answer for item, answer in figures.items()}
        relations += [
            Relation(topic, figures, _ASKED_SUM, _ANSWERED_SUM, _UNSEEN_SUM, weight=6),
            Relation(
                topic, words,
                ("What is {q}?", "{q}?", "How much is {q}?", "Calculate {q}.", "What's {q}?",
                 "Work out {q}.", "Do you know what {q} is?", "{q} equals?",
                 "I would like to know what {q} is."),
                ("{q} is {a}.", "The answer is {a}.", "{a}."), ("Tell me what {q} is.",), 1.5,
            ),
        ]  # fmt: skip
    return tuple(relations)


COUNTING = (
    Relation(
        "counting", {str(number): str(number + 1) for number in range(100)},
        ("What number comes after {q}?", "Which number comes after {q}?", "What comes after {q}?",
         "{q}の次の数は何ですか。", "What number follows {q}?", "Which number is next after {q}?",
         "What is the next number after {q}?", "Give me the number after {q}.",
         "Do you know what number comes after {q}?", "I wonder what number comes after {q}.",
         "{q}の次の数は？"),
        ("After {q} comes {a}.", "{a} comes after {q}.", "{a}."),
        unseen=("Tell me what number comes after {q}.",), weight=3,
    ),
    Relation(
        "counting", {str(number): str(number - 1) for number in range(1, 101)},
        ("What number comes before {q}?", "Which number comes before {q}?",
         "What comes before {q}?", "What is the number before {q}?",
         "Give me the number before {q}.", "{q}の前の数は何ですか。"),
        ("Before {q} comes {a}.", "{a} comes before {q}.", "{a}."),
        unseen=("Tell me what number comes before {q}.",), weight=1.5,
    ),
)  # fmt: skip

RELATIONS = (*TRANSLATIONS, *_arithmetic(), *COUNTING)
