"""Japanese stories, made like the English ones: hero, friend, thing and place stay the same."""

import random

from tools.train_demo.corpus.dialogue import Exchange
from tools.train_demo.corpus.relations import held_out

NAMES = (
    "タロウ", "ハナ", "ケン", "ユキ", "ミカ", "ソラ", "リク", "サクラ", "ハル", "モモ", "ジロウ",
    "アキ",
)  # fmt: skip
KINDS = (
    "きつね", "うさぎ", "くま", "猫", "犬", "ねずみ", "ふくろう", "かえる", "かめ", "りす",
    "女の子",
    "男の子", "おじいさん", "たぬき", "竜",
)  # fmt: skip
FRIENDS = ("きつね", "うさぎ", "くま", "猫", "犬", "ねずみ", "ふくろう", "かえる", "かめ", "りす")
THINGS = (
    "ボール", "本", "帽子", "鍵", "たこ", "ランプ", "船", "太鼓", "地図", "鈴", "笛", "箱", "時計",
)  # fmt: skip
LOOKS = (
    "赤い",
    "青い",
    "白い",
    "小さな",
    "古い",
    "きれいな",
    "丸い",
    "不思議な",
    "金色の",
    "大切な",
)
PLACES = ("森", "村", "町", "山", "谷", "島", "海辺の町", "城", "野原")
SPOTS = (
    "大きな木の下", "岩の後ろ", "川のそば", "古い橋の下", "丘の上", "草の中", "井戸の横", "家の裏",
)  # fmt: skip
TRAITS = ("小さな", "優しい", "元気な", "かわいい", "勇敢な", "静かな", "賢い")
TIMES = ("ある日", "ある朝", "ある晴れた日", "ある雨の日", "ある寒い日", "ある夜")

OPENINGS = (
    "昔々、ある{place}に{hero}という{trait}{kind}がいました。",
    "昔々、{place}に{trait}{kind}が住んでいました。名前は{hero}です。",
    "むかしむかし、{hero}という{kind}が{place}で暮らしていました。",
    "{hero}は{place}に住む{trait}{kind}でした。",
)
PLOTS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (
        ("{hero}は{look}{thing}を持っていました。", "{hero}の宝物は{look}{thing}でした。"),
        (
            "{time}、{thing}がなくなりました。",
            "ところが{time}、{look}{thing}が消えてしまいました。",
        ),
        (
            "{hero}は泣きました。",
            "{hero}はとても悲しくなりました。",
            "「私の{thing}はどこ？」と{hero}は言いました。",
        ),
        (
            "そこへ{friend_kind}の{friend}が来ました。",
            "すると{friend}という{friend_kind}が通りかかりました。",
        ),
        ("「一緒に探そう」と{friend}は言いました。", "{friend}は「手伝うよ」と言いました。"),
        ("二人は{spot}で{thing}を見つけました。", "{thing}は{spot}にありました。"),
        ("「ありがとう、{friend}」と{hero}は言いました。", "{hero}は大喜びしました。"),
    ),
    (
        ("{time}、{hero}は{place}を散歩していました。", "{time}、{hero}は遊びに出かけました。"),
        ("{spot}に{look}{thing}が落ちていました。", "すると{spot}で{look}{thing}を見つけました。"),
        ("「これは誰の{thing}だろう」と{hero}は思いました。", "{hero}は{thing}を拾いました。"),
        (
            "そこで{friend_kind}の{friend}が泣いていました。",
            "少し歩くと、{friend_kind}の{friend}に会いました。",
        ),
        (
            "「{thing}をなくしたの」と{friend}は言いました。",
            "「それは私の{thing}です」と{friend}は言いました。",
        ),
        (
            "{hero}は{friend}に{thing}を返しました。",
            "{hero}は「はい、どうぞ」と{thing}を渡しました。",
        ),
        ("{friend}はとても喜びました。", "二人は夕方まで一緒に遊びました。"),
    ),
    (
        ("{time}、強い風が吹きました。", "{time}、大きな嵐が来ました。"),
        (
            "{hero}は家で{look}{thing}を抱いていました。",
            "{hero}は怖くて、{look}{thing}を抱きしめました。",
        ),
        ("その時、誰かが戸をたたきました。", "すると、戸をたたく音がしました。"),
        ("{friend_kind}の{friend}でした。", "外には{friend}という{friend_kind}が立っていました。"),
        ("「どうぞ、入って」と{hero}は言いました。", "{hero}は温かいお茶を出しました。"),
        (
            "二人は{thing}を見ながら、朝まで話しました。",
            "{hero}は{friend}に{thing}を見せて、二人で笑いました。",
        ),
        ("朝になると、空は晴れていました。", "次の日、太陽が出ました。"),
    ),
    (
        (
            "{hero}の友達は{friend_kind}の{friend}です。",
            "{hero}には{friend}という{friend_kind}の友達がいました。",
        ),
        ("明日は{friend}の誕生日です。", "{time}は{friend}の誕生日でした。"),
        (
            "{hero}は店で{look}{thing}を見つけました。",
            "{hero}は{look}{thing}をあげたいと思いました。",
        ),
        ("{hero}は一日中働いて、それを買いました。", "{hero}はがんばって、自分で作りました。"),
        (
            "「おめでとう」と{hero}は言って、{thing}を渡しました。",
            "{hero}は{friend}に{look}{thing}をあげました。",
        ),
        ("{friend}は「ありがとう、{hero}」と言いました。", "{friend}は{thing}を大切にしました。"),
    ),
)
ENDINGS = (
    "それから二人はずっと友達でした。", "めでたし、めでたし。", "{hero}はその夜、よく眠りました。",
    "{hero}と{friend}は仲良く暮らしました。", "おしまい。", "{hero}はもう寂しくありませんでした。",
)  # fmt: skip
REQUESTS = (
    "お話をして。", "お話をしてください。", "昔話をして。", "何か物語を書いて。",
    "短い物語を書いて。",
    "昔々", "むかしむかし", "物語を聞かせて。", "お話を聞かせてください。",
    "童話を書いてください。",
    "短いお話をお願いします。", "昔々、あるところに", "Tell me a story in Japanese.",
    "Write a short story in Japanese.",
)  # fmt: skip
KIND_REQUESTS = (
    "{kind}のお話をして。", "{kind}の物語を書いて。", "{kind}の話を聞かせて。",
    "{kind}についての短い物語を書いてください。", "{kind}のお話をしてください。",
    "{hero}という{kind}のお話をして。", "{kind}が出てくる話をして。",
    "{kind}と{friend_kind}のお話をして。",
    "{thing}のお話をして。", "昔々、{trait}{kind}が",
)  # fmt: skip


def story(rng: random.Random, hidden: bool = False) -> Exchange:
    """A request for a story and the story, in Japanese."""
    while True:
        hero, friend = rng.sample(NAMES, 2)
        words = {
            "hero": hero, "friend": friend, "kind": rng.choice(KINDS),
            "friend_kind": rng.choice(FRIENDS), "thing": rng.choice(THINGS),
            "look": rng.choice(LOOKS), "place": rng.choice(PLACES), "spot": rng.choice(SPOTS),
            "trait": rng.choice(TRAITS), "time": rng.choice(TIMES),
        }  # fmt: skip
        request = rng.choice(rng.choice((REQUESTS, KIND_REQUESTS))).format(**words)
        if held_out(request) == hidden:
            lines = [rng.choice(OPENINGS), *(rng.choice(beat) for beat in rng.choice(PLOTS))]
            answer = "".join([*lines, rng.choice(ENDINGS)]).format(**words)
            return Exchange(request, answer, "物語")
