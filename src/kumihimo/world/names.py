"""Names nobody bears: surnames made of words about specimens and braids, with ordinary given names.

Each entry is (kanji, kana). The surnames are compounds that are not in use as family names, so that no real
person can be meant; foreign residents get the same treatment in Latin letters.
"""

from __future__ import annotations

type Name = tuple[str, str]


def _pairs(text: str) -> tuple[Name, ...]:
    return tuple((kanji, kana) for kanji, kana in (entry.split("/") for entry in text.split()))


SURNAMES: tuple[Name, ...] = _pairs(
    "組紐/クミヒモ 見本/ミホン 例川/レイカワ 仮山/カリヤマ 試田/タメシダ 模野/モノ "
    "標本谷/ヒョウホンヤ 例示岡/レイジオカ 図解沢/ズカイザワ 練習島/レンシュウジマ "
    "試作橋/シサクバシ 見取図/ミトリズ 下書村/シタガキムラ 糸束/イトタバ 紐結/ヒモユイ "
    "組台/クミダイ 角台/カクダイ 綾竹台/アヤタケダイ 玉付/タマツキ 糸巻町/イトマキマチ "
    "房飾/フサカザリ 帯締/オビジメ 仮名橋/カナバシ 空欄井/クウランイ 記入例/キニュウレイ "
    "某田/ボウダ 某川/ボウガワ 例題寺/レイダイジ 検算原/ケンザンバラ 試験池/シケンイケ "
    "模型坂/モケイザカ 凡例木/ハンレイギ 様式浦/ヨウシキウラ 別紙崎/ベッシザキ "
    "附則林/フソクバヤシ 欄外沼/ランガイヌマ 余白瀬/ヨハクセ 草案里/ソウアンザト "
    "仮置場/カリオキバ 写本塚/シャホンヅカ 結目/ムスビメ 撚糸屋/ネンシヤ 八打組/ヤツウチグミ "
    "平組/ヒラグミ 角組/カクグミ 丸組/マルグミ 冠組/ユルギグミ 架空原/カクウバラ"
)

# Given names by the age of those who bear them: born before 1960, before 1995, later.
MALE: tuple[tuple[Name, ...], ...] = (
    _pairs(
        "清/キヨシ 勇/イサム 正雄/マサオ 茂/シゲル 三郎/サブロウ 博/ヒロシ 昭二/ショウジ "
        "和夫/カズオ 進/ススム 実/ミノル 弘/ヒロム 武/タケシ 勝/マサル 義男/ヨシオ "
        "邦彦/クニヒコ 敏夫/トシオ"
    ),
    _pairs(
        "誠/マコト 健一/ケンイチ 浩二/コウジ 剛/ツヨシ 大輔/ダイスケ 直樹/ナオキ 哲也/テツヤ "
        "達也/タツヤ 亮/リョウ 拓也/タクヤ 学/マナブ 裕介/ユウスケ 智弘/トモヒロ 隆/タカシ "
        "和也/カズヤ 修平/シュウヘイ"
    ),
    _pairs(
        "翔太/ショウタ 蓮/レン 陽翔/ハルト 湊/ミナト 蒼/アオイ 樹/イツキ 大和/ヤマト "
        "悠真/ユウマ 朝陽/アサヒ 颯太/ソウタ 新/アラタ 律/リツ 海斗/カイト 奏太/カナタ "
        "結人/ユイト 陸/リク"
    ),
)
FEMALE: tuple[tuple[Name, ...], ...] = (
    _pairs(
        "和子/カズコ 幸子/サチコ 節子/セツコ 洋子/ヨウコ 恵子/ケイコ 京子/キョウコ 文子/フミコ "
        "美代子/ミヨコ 千代/チヨ 久子/ヒサコ 悦子/エツコ 清美/キヨミ 静江/シズエ 光子/ミツコ "
        "良子/ヨシコ 春江/ハルエ"
    ),
    _pairs(
        "由美/ユミ 真理/マリ 智子/トモコ 裕子/ユウコ 香織/カオリ 美穂/ミホ 直美/ナオミ "
        "恵/メグミ 愛/アイ 綾/アヤ 麻衣/マイ 千尋/チヒロ 久美/クミ 里奈/リナ 早紀/サキ "
        "優子/ユウコ"
    ),
    _pairs(
        "陽菜/ヒナ 結衣/ユイ 凛/リン 葵/アオイ 咲良/サクラ 紬/ツムギ 芽依/メイ 莉子/リコ "
        "美月/ミヅキ 杏/アン 花/ハナ 心春/コハル 彩乃/アヤノ 七海/ナナミ 琴音/コトネ 澪/ミオ"
    ),
)

FOREIGN_SURNAMES: tuple[Name, ...] = (
    ("SPECIMEN", "スペシメン"),
    ("EXEMPLAR", "エグゼンプラー"),
    ("MUSTER", "ムスター"),
    ("ESEMPIO", "エゼンピオ"),
    ("PRIMER", "プリメル"),
    ("CONTOH", "チョントー"),
)
FOREIGN_MALE: tuple[Name, ...] = (
    ("LUCAS", "ルーカス"),
    ("MINH", "ミン"),
    ("OMAR", "オマル"),
    ("ARUN", "アルン"),
)
FOREIGN_FEMALE: tuple[Name, ...] = (("ANNA", "アンナ"), ("LINH", "リン"), ("SARA", "サラ"), ("MAYA", "マヤ"))
NATIONALITIES: tuple[str, ...] = ("ベトナム", "ネパール", "ブラジル", "インド", "ドイツ", "フィリピン")
RESIDENCE_STATUSES: tuple[str, ...] = ("永住者", "技術・人文知識・国際業務", "特定技能", "家族滞在")


def generation(birth_year: int) -> int:
    """Which list of given names (0, 1, 2) was in fashion in a year of birth."""
    return 0 if birth_year < 1960 else 1 if birth_year < 1995 else 2
