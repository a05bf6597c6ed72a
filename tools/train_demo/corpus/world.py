"""Tables of general knowledge in English: capitals, colours, opposites, animals, numbers."""

from tools.train_demo.corpus.relations import Relation

CAPITALS = {
    "France": "Paris", "Japan": "Tokyo", "Italy": "Rome", "Spain": "Madrid", "Germany": "Berlin",
    "Egypt": "Cairo", "Greece": "Athens", "Portugal": "Lisbon", "England": "London",
    "Ireland": "Dublin", "Norway": "Oslo", "Sweden": "Stockholm", "Finland": "Helsinki",
    "Denmark": "Copenhagen", "Poland": "Warsaw", "Austria": "Vienna", "Hungary": "Budapest",
    "Russia": "Moscow", "China": "Beijing", "South Korea": "Seoul", "India": "New Delhi",
    "Thailand": "Bangkok", "Vietnam": "Hanoi", "Indonesia": "Jakarta", "Turkey": "Ankara",
    "Iran": "Tehran", "Kenya": "Nairobi", "Morocco": "Rabat", "Nigeria": "Abuja",
    "Canada": "Ottawa", "the United States": "Washington", "Mexico": "Mexico City",
    "Cuba": "Havana", "Brazil": "Brasília", "Argentina": "Buenos Aires", "Chile": "Santiago",
    "Peru": "Lima", "Colombia": "Bogotá", "Australia": "Canberra", "New Zealand": "Wellington",
    "Belgium": "Brussels", "the Netherlands": "Amsterdam", "Switzerland": "Bern",
    "Ukraine": "Kyiv", "Iceland": "Reykjavik", "Scotland": "Edinburgh", "Wales": "Cardiff",
    "Romania": "Bucharest", "Bulgaria": "Sofia", "Serbia": "Belgrade", "Croatia": "Zagreb",
    "Slovakia": "Bratislava", "Slovenia": "Ljubljana", "Estonia": "Tallinn", "Latvia": "Riga",
    "Lithuania": "Vilnius", "the Czech Republic": "Prague", "Iraq": "Baghdad",
    "Saudi Arabia": "Riyadh", "Jordan": "Amman", "Lebanon": "Beirut", "Syria": "Damascus",
    "Pakistan": "Islamabad", "Nepal": "Kathmandu", "Bangladesh": "Dhaka",
    "Mongolia": "Ulaanbaatar", "Malaysia": "Kuala Lumpur", "the Philippines": "Manila",
    "North Korea": "Pyongyang", "Cambodia": "Phnom Penh", "Ethiopia": "Addis Ababa",
    "Ghana": "Accra", "Senegal": "Dakar", "Tunisia": "Tunis", "Algeria": "Algiers",
    "Libya": "Tripoli", "Uganda": "Kampala", "Tanzania": "Dodoma", "Ecuador": "Quito",
    "Bolivia": "Sucre", "Uruguay": "Montevideo", "Paraguay": "Asunción", "Venezuela": "Caracas",
    "Jamaica": "Kingston",
}  # fmt: skip

CONTINENTS = {
    "France": "Europe", "Japan": "Asia", "Italy": "Europe", "Spain": "Europe",
    "Germany": "Europe", "Egypt": "Africa", "Greece": "Europe", "Norway": "Europe",
    "China": "Asia", "India": "Asia", "Thailand": "Asia", "Vietnam": "Asia", "Kenya": "Africa",
    "Morocco": "Africa", "Nigeria": "Africa", "Canada": "North America",
    "Mexico": "North America", "Brazil": "South America", "Argentina": "South America",
    "Chile": "South America", "Peru": "South America", "Poland": "Europe", "Iceland": "Europe",
}  # fmt: skip

LANGUAGES = {
    "France": "French", "Japan": "Japanese", "Italy": "Italian", "Spain": "Spanish",
    "Germany": "German", "Greece": "Greek", "Portugal": "Portuguese", "England": "English",
    "Norway": "Norwegian", "Sweden": "Swedish", "Finland": "Finnish", "Poland": "Polish",
    "Russia": "Russian", "China": "Chinese", "South Korea": "Korean", "Mexico": "Spanish",
    "Brazil": "Portuguese", "Australia": "English", "Turkey": "Turkish", "Egypt": "Arabic",
}  # fmt: skip

COLOURS = {
    "the sky": "blue", "grass": "green", "snow": "white", "blood": "red", "the sun": "yellow",
    "a banana": "yellow", "a lemon": "yellow", "a strawberry": "red", "a tomato": "red",
    "a carrot": "orange", "an orange": "orange", "a pumpkin": "orange", "chocolate": "brown",
    "coffee": "brown", "coal": "black", "the night": "black", "milk": "white", "salt": "white",
    "a leaf": "green", "a frog": "green", "a cucumber": "green", "the sea": "blue",
    "a blueberry": "blue", "an aubergine": "purple", "a flamingo": "pink", "a pig": "pink",
    "an elephant": "grey", "a mouse": "grey", "a swan": "white", "a crow": "black",
    "a cherry": "red", "gold": "yellow", "bread": "brown", "rice": "white", "a violet": "purple",
    "a fox": "orange", "a polar bear": "white", "ketchup": "red", "a fire engine": "red",
    "broccoli": "green",
}  # fmt: skip

OPPOSITE_PAIRS = (
    "hot cold", "big small", "up down", "left right", "fast slow", "light dark", "day night",
    "happy sad", "young old", "open closed", "high low", "full empty", "hard soft", "wet dry",
    "rich poor", "strong weak", "good bad", "clean dirty", "early late", "long short",
    "thick thin", "wide narrow", "loud quiet", "sweet bitter", "near far", "push pull",
    "love hate", "win lose", "start finish", "black white", "true false", "yes no", "in out",
    "over under", "before after", "heavy light", "brave afraid", "asleep awake", "cheap expensive",
    "easy difficult", "first last", "many few", "alive dead", "buy sell", "give take",
    "laugh cry", "arrive leave", "remember forget", "inside outside", "always never",
)  # fmt: skip

SOUNDS = {
    "a dog": "woof", "a cat": "meow", "a cow": "moo", "a sheep": "baa", "a duck": "quack",
    "a pig": "oink", "a lion": "roar", "a bee": "buzz", "a snake": "hiss", "a mouse": "squeak",
    "an owl": "hoot", "a frog": "ribbit", "a horse": "neigh", "a rooster": "cock-a-doodle-doo",
    "a bird": "tweet", "a wolf": "howl",
}  # fmt: skip

BABIES = {
    "a dog": "puppy", "a cat": "kitten", "a cow": "calf", "a sheep": "lamb", "a duck": "duckling",
    "a pig": "piglet", "a lion": "cub", "a bear": "cub", "a horse": "foal", "a hen": "chick",
    "a goat": "kid", "a swan": "cygnet", "a frog": "tadpole", "a deer": "fawn",
}  # fmt: skip

HOMES = {
    "a bee": "a hive", "a bird": "a nest", "a dog": "a kennel", "a fish": "the water",
    "a spider": "a web", "a horse": "a stable", "a rabbit": "a burrow", "a bear": "a cave",
    "a fox": "a den", "a king": "a castle", "an ant": "an anthill", "a penguin": "the cold south",
    "a camel": "the desert", "a monkey": "the trees", "a whale": "the sea", "a pig": "a pigsty",
}  # fmt: skip

LEGS = {
    "a dog": "four", "a cat": "four", "a bird": "two", "a spider": "eight", "an ant": "six",
    "a bee": "six", "a snake": "no", "a horse": "four", "a person": "two", "a fish": "no",
    "an octopus": "no", "a chicken": "two", "a cow": "four", "a butterfly": "six",
}  # fmt: skip

SIDES = {
    "a triangle": "three", "a square": "four", "a rectangle": "four", "a pentagon": "five",
    "a hexagon": "six", "an octagon": "eight",
}  # fmt: skip

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

PLURALS = {
    "cat": "cats", "dog": "dogs", "box": "boxes", "child": "children", "mouse": "mice",
    "foot": "feet", "tooth": "teeth", "man": "men", "woman": "women", "leaf": "leaves",
    "city": "cities", "baby": "babies", "knife": "knives", "sheep": "sheep", "fish": "fish",
    "goose": "geese", "person": "people", "bus": "buses", "apple": "apples", "book": "books",
}  # fmt: skip

PASTS = {
    "go": "went", "eat": "ate", "see": "saw", "run": "ran", "take": "took", "give": "gave",
    "come": "came", "write": "wrote", "sing": "sang", "drink": "drank", "sleep": "slept",
    "buy": "bought", "think": "thought", "make": "made", "find": "found", "play": "played",
    "walk": "walked", "fly": "flew", "speak": "spoke", "swim": "swam",
}  # fmt: skip


def _both_ways(pairs: tuple[str, ...]) -> dict[str, str]:
    table: dict[str, str] = {}
    for pair in pairs:
        one, other = pair.split()
        table.setdefault(one, other)
        table.setdefault(other, one)
    return table


def _after(names: tuple[str, ...]) -> dict[str, str]:
    return {name: names[(index + 1) % len(names)] for index, name in enumerate(names)}


def _before(names: tuple[str, ...]) -> dict[str, str]:
    return {name: names[index - 1] for index, name in enumerate(names)}


RELATIONS = (
    Relation(
        "capitals", CAPITALS,
        ("What is the capital of {q}?", "What's the capital of {q}?", "The capital of {q}?",
         "Which city is the capital of {q}?", "Tell me the capital of {q}.", "Capital of {q}?",
         "Name the capital of {q}.", "Do you know the capital of {q}?",
         "What is {q}'s capital?", "What is the capital city of {q}?", "{q}'s capital?",
         "I would like to know the capital of {q}.", "Give me the capital of {q}.",
         "What city is the capital of {q}?", "Please name the capital city of {q}."),
        ("The capital of {q} is {a}.", "{a} is the capital of {q}.", "It is {a}.", "{a}."),
        unseen=("Can you tell me the capital of {q}?", "Which is the capital city of {q}?"),
        weight=4,
    ),
    Relation(
        "countries", {city: country for country, city in CAPITALS.items()},
        ("Which country has the capital {q}?", "{q} is the capital of which country?",
         "What country is {q} in?", "Where is {q}?", "In which country is {q}?",
         "Which country is {q} in?", "I would like to know which country {q} is in.",
         "Can you tell me where {q} is?"),
        ("{q} is the capital of {a}.", "{q} is in {a}."),
        unseen=("Tell me which country {q} is in.",),
        weight=2,
    ),
    Relation(
        "continents", CONTINENTS,
        ("Which continent is {q} in?", "On which continent is {q}?", "Where is {q}?",
         "What continent is {q} on?", "Tell me the continent of {q}.",
         "In which continent is {q}?", "{q} is on which continent?"),
        ("{q} is in {a}.", "It is in {a}."),
        unseen=("What continent is {q} in?",),
    ),
    Relation(
        "languages", LANGUAGES,
        ("What language do people speak in {q}?", "Which language is spoken in {q}?",
         "What do they speak in {q}?", "What is the language of {q}?",
         "What language do they speak in {q}?", "Tell me the language of {q}.",
         "Which language do people in {q} speak?"),
        ("People in {q} speak {a}.", "They speak {a} in {q}.", "{a}."),
        unseen=("What language is spoken in {q}?",),
    ),
    Relation(
        "colours", COLOURS,
        ("What colour is {q}?", "What color is {q}?", "Which colour is {q}?", "The colour of {q}?",
         "What is the colour of {q}?", "Tell me the colour of {q}.", "What is the color of {q}?",
         "The color of {q}?", "What colour does {q} have?", "Can you tell me what colour {q} is?",
         "I would like to know the colour of {q}."),
        ("{q} is {a}.", "It is {a}.", "{a}.", "The colour of {q} is {a}."),
        unseen=("Which color is {q}?", "Do you know what colour {q} is?"),
        weight=3,
    ),
    Relation(
        "opposites", _both_ways(OPPOSITE_PAIRS),
        ("What is the opposite of {q}?", "What's the opposite of {q}?", "Opposite of {q}?",
         "The opposite of {q}?", "Tell me the opposite of {q}.", "Give me the opposite of {q}.",
         'What is the opposite of "{q}"?', "Which word is the opposite of {q}?",
         "Do you know the opposite of {q}?", "Say the opposite of {q}.",
         "I would like to know the opposite of {q}.", 'Tell me the opposite of "{q}".'),
        ("The opposite of {q} is {a}.", "It is {a}.", "{a}."),
        unseen=("Can you tell me the opposite of {q}?", "What word is the opposite of {q}?"),
        weight=4,
    ),
    Relation(
        "sounds", SOUNDS,
        ("What sound does {q} make?", "What does {q} say?", "Which sound does {q} make?",
         "How does {q} sound?", "What is the sound of {q}?", "I wonder what sound {q} makes.",
         "Do you know what sound {q} makes?"),
        ("{q} says {a}.", "{a}!", "{q} goes {a}."),
        unseen=("Tell me what sound {q} makes.",),
    ),
    Relation(
        "babies", BABIES,
        ("What is the baby of {q} called?", "What do you call the baby of {q}?",
         "What is a young one of {q} called?", "Tell me what the baby of {q} is called.",
         "What is the name for the baby of {q}?", "The baby of {q}?"),
        ("It is called a {a}.", "The baby of {q} is a {a}.", "A {a}."),
        unseen=("How do you call the baby of {q}?",),
    ),
    Relation(
        "homes", HOMES,
        ("Where does {q} live?", "What is the home of {q}?", "Where is the home of {q}?",
         "Do you know where {q} lives?", "I wonder where {q} lives.", "The home of {q}?"),
        ("{q} lives in {a}.", "In {a}."),
        unseen=("Tell me where {q} lives.",),
    ),
    Relation(
        "legs", LEGS,
        ("How many legs does {q} have?", "How many legs has {q}?",
         "Tell me how many legs {q} has.", "What number of legs does {q} have?",
         "Can you tell me how many legs {q} has?", "How many legs are there on {q}?"),
        ("{q} has {a} legs.", "It has {a} legs."),
        unseen=("Do you know how many legs {q} has?",),
    ),
    Relation(
        "sides", SIDES,
        ("How many sides does {q} have?", "How many sides has {q}?", "How many corners has {q}?",
         "Do you know how many sides {q} has?", "Can you tell me how many sides {q} has?"),
        ("{q} has {a}.", "It has {a}.", "{a}."),
        unseen=("Tell me how many sides {q} has.",), weight=0.5,
    ),
    Relation(
        "calendar", _after(DAYS) | _after(MONTHS),
        ("What comes after {q}?", "Which one comes after {q}?", "What is after {q}?",
         "Do you know what comes after {q}?", "I wonder what comes after {q}.",
         "What follows {q}?"),
        ("After {q} comes {a}.", "{a} comes after {q}.", "{a}."),
        unseen=("Tell me what comes after {q}.",),
    ),
    Relation(
        "calendar", _before(DAYS) | _before(MONTHS),
        ("What comes before {q}?", "Which one comes before {q}?", "What is before {q}?",
         "Do you know what comes before {q}?", "I wonder what comes before {q}."),
        ("Before {q} comes {a}.", "{a} comes before {q}.", "{a}."),
        unseen=("Tell me what comes before {q}.",),
    ),
    Relation(
        "plurals", PLURALS,
        ("What is the plural of {q}?", "The plural of {q}?", "What's the plural of {q}?",
         "Give me the plural of {q}.", "Do you know the plural of {q}?",
         'What is the plural of "{q}"?', "Plural of {q}?", "What do you call more than one {q}?"),
        ("The plural of {q} is {a}.", "It is {a}."),
        unseen=("Tell me the plural of {q}.",),
    ),
    Relation(
        "past tense", PASTS,
        ("What is the past tense of {q}?", "The past tense of {q}?", "What's the past of {q}?",
         "Give me the past tense of {q}.", "Do you know the past tense of {q}?",
         'What is the past tense of "{q}"?', "Past tense of {q}?", "The past of {q}?"),
        ("The past tense of {q} is {a}.", "It is {a}."),
        unseen=("Tell me the past tense of {q}.",),
    ),
)  # fmt: skip
